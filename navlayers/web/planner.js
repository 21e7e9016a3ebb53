// The slider of the live page, and the plan for its number of capabilities.
const REST = 400; // milliseconds after which the slider rests

class Planner {
  // `ask(parts, signal)` asks for a plan, `show(plan)` shows it, or none, `fail(error)` says why there is none, and
  // `changed()` is called with each move.
  constructor(at, budget, { ask, show, fail, changed }) {
    Object.assign(this, { at, budget, ask, show, fail, noun: ["capability", "capabilities"], round: 0 });
    at.budget.addEventListener("input", () => {
      this.budget = Number(at.budget.value);
      this.showChosen();
      changed();
      this.follow();
    });
  }

  // The slider for at most so many capabilities.
  fill(most, noun) {
    const { budget, plan } = this.at;
    this.noun = noun;
    plan.hidden = !most;
    budget.max = String(most);
    this.budget = Math.min(this.budget, most);
    if (document.activeElement !== budget) budget.value = String(this.budget);
    this.showChosen();
  }

  showChosen() {
    const text = this.budget ? plural(this.budget, ...this.noun) : "none";
    this.at.chosen.textContent = text;
    this.at.budget.setAttribute("aria-valuetext", text);
  }

  // Ends the search for the best plan: it is that of another number.
  stop() {
    clearTimeout(this.resting);
    this.search?.abort();
    this.search = null;
  }

  // Forgets what was asked: other data bring their own plan.
  renew() {
    this.stop();
    this.round += 1;
  }

  // Searches the best plan, once the slider rests.
  rest({ proven }) {
    if (!proven) this.resting = setTimeout(() => this.take(true), REST);
  }

  // The slider follows the hand: one question at a time, the last one counts; at rest, the best plan is searched.
  async follow() {
    this.stop();
    if (this.planning) {
      this.again = true;
      return;
    }
    this.planning = true;
    try {
      do {
        this.again = false;
        await this.take();
      } while (this.again);
    } finally {
      this.planning = false;
    }
  }

  async take(best = false) {
    const { budget, round } = this;
    if (!budget) return void this.show(null);
    const search = best ? new AbortController() : null;
    this.search = search;
    try {
      const plan = await this.ask({ budget, ...(best ? { best: 1 } : {}) }, search?.signal);
      if (search?.signal.aborted || round !== this.round) return;
      this.show(plan);
      if (!best && !this.again) this.rest(plan);
    } catch (error) {
      if (!search?.signal.aborted && round === this.round) this.fail(error);
    }
  }
}
