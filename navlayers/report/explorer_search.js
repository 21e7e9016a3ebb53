// Search by id, name and capability: what is found is marked, Enter goes on to the next.

class Search {
  constructor(model) {
    this.model = model;
    this.query = "";
    this.hits = [];
    this.at = -1; // which of the hits was gone to
    // Per capability the techniques that it is mapped to in any set.
    this.mapped = model.capabilities.map(() => new Set());
    for (const set of model.sets) {
      set.rows.technique.forEach((technique, row) => this.mapped[set.rows.capability[row]].add(technique));
    }
  }

  // Looks among the techniques of `order`, which is that of the matrix.
  find(query, order) {
    const text = query.trim().toLowerCase();
    const last = this.hits[this.at];
    const same = text === this.query;
    this.query = text;
    this.hits = text ? this.among(order, text) : [];
    this.at = same ? this.hits.indexOf(last) : -1;
  }

  among(order, text) {
    const found = new Set();
    this.model.capabilities.forEach(({ id, label }, number) => {
      if (label.toLowerCase().includes(text) || id.toLowerCase().includes(text)) {
        for (const technique of this.mapped[number]) found.add(technique);
      }
    });
    return order.filter((technique) => {
      const { id, name } = this.model.techniques[technique];
      return found.has(technique) || `${id} ${name}`.toLowerCase().includes(text);
    });
  }

  // The next hit, or the one before; -1 where nothing is found.
  step(by) {
    if (!this.hits.length) return -1;
    this.at = this.at < 0 ? (by > 0 ? 0 : this.hits.length - 1) : (this.at + by + this.hits.length) % this.hits.length;
    return this.hits[this.at];
  }

  get told() {
    if (!this.hits.length) return "nothing is found";
    return this.at < 0 ? `${this.hits.length} found` : `${this.at + 1} of ${this.hits.length}`;
  }
}
