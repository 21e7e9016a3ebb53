// Search by id, name and capability: what is found is marked, Enter goes on to the next.

// The words of a text in lower case; the sign between a technique and its sub-technique is of no word.
function wordsOf(text) {
  return text.toLowerCase().split(/[\s:]+/).filter(Boolean);
}

class Search {
  constructor(model) {
    this.model = model;
    this.query = "";
    this.hits = [];
    this.at = -1; // which of the hits was gone to
    // Per capability the techniques that it is mapped to in any set.
    this.mapped = model.capabilities.map(() => new Set());
    this.names = model.techniques.map(({ id, name, parent }) => ({
      own: `${id} ${name}`.toLowerCase(), above: parent >= 0 ? model.techniques[parent].name.toLowerCase() : "",
    }));
    for (const set of model.sets) {
      set.rows.technique.forEach((technique, row) => this.mapped[set.rows.capability[row]].add(technique));
    }
  }

  // Looks among the techniques of `order`, which is that of the matrix.
  find(query, order) {
    const words = wordsOf(query);
    const text = words.join(" ");
    const last = this.hits[this.at];
    const same = text === this.query;
    this.query = text;
    this.hits = text ? this.among(order, words) : [];
    this.at = same ? this.hits.indexOf(last) : -1;
  }

  // What has all the words, in whatever order; a sub-technique some of them in its own name, not all in that above.
  among(order, words) {
    const found = new Set();
    this.model.capabilities.forEach(({ id, label }, number) => {
      const text = `${id} ${label}`.toLowerCase();
      if (words.every((word) => text.includes(word))) {
        for (const technique of this.mapped[number]) found.add(technique);
      }
    });
    return order.filter((technique) => {
      const { own, above } = this.names[technique];
      return found.has(technique) || (words.some((word) => own.includes(word)) &&
        words.every((word) => own.includes(word) || above.includes(word)));
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
