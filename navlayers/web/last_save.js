// What the last save of a file changed: which techniques are covered now, which no longer, which have another score.
const MOST_CHANGES = 4;

class LastSave {
  constructor({ saved }) {
    this.saved = saved;
  }

  // `shown` names what is shown without the contents of files: only the same can be compared.
  take(data, techniques, shown, stamps) {
    const view = data.views.find(({ kind }) => kind === "union") ?? data.views.find(({ kind }) => kind === "set");
    const scores = view ? scoresOf(view.shown[0]) : null;
    if (!scores || shown !== this.shown) this.saved.hidden = true;
    else if (stamps !== this.stamps) this.tell(changesBetween(this.scores, scores), techniques);
    Object.assign(this, { shown, stamps, scores });
  }

  tell({ gained, lost, moved }, techniques) {
    const named = (list, text) => `${list.slice(0, MOST_CHANGES).map(text).join(", ")}${list.length > MOST_CHANGES ? `, and ${list.length - MOST_CHANGES} more` : ""}`;
    const nameOf = ([number]) => `${techniques[number][0]} ${techniques[number][1]}`;
    const parts = [
      gained.length && ["gained", `+${gained.length} covered`, named(gained, nameOf)],
      lost.length && ["lost", `\u2212${lost.length} no longer covered`, named(lost, nameOf)],
      moved.length && ["moved", plural(moved.length, "other score"),
        named(moved, (change) => `${nameOf(change)} ${figure(change[1] ?? "covered")} \u2192 ${figure(change[2] ?? "covered")}`)],
    ].filter(Boolean);
    this.saved.hidden = false;
    this.saved.replaceChildren(make("span", { class: "soft" }, "Last change: "), ...(parts.length
      ? parts.map(([kind, count, names]) => make("span", { class: kind }, make("b", {}, count), ` ${names}`))
      : ["no score."]));
  }
}

// Number of a covered technique → its score; null without one.
function scoresOf({ technique, score }) {
  return new Map(technique.map((number, row) => [number, score[row]]).filter(([, one]) => one !== false && one !== 0));
}

function changesBetween(before, after) {
  return {
    gained: [...after].filter(([number]) => !before.has(number)),
    lost: [...before].filter(([number]) => !after.has(number)),
    moved: [...after].filter(([number, score]) => before.has(number) && before.get(number) !== score)
      .map(([number, score]) => [number, before.get(number), score]),
  };
}
