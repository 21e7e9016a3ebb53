// What the live page asks the server about its sets and its dropped file.
class Questions {
  // `subject()` gives the names of the sets, the threat, and the dropped file.
  constructor(subject) {
    this.subject = subject;
  }

  async ask(kind, parts, signal = null) {
    const { names, threat, file } = this.subject();
    const query = new URLSearchParams(parts);
    query.set("sets", names.join(","));
    if (threat) query.set("threat", threat);
    if (file) query.set("file", file.name);
    const answer = await fetch(`${kind}?${query}`, { signal, ...(file ? { method: "POST", body: file } : {}) });
    if (answer.ok && kind === "download") return answer;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok && !told.problems) return told;
    throw new Problems(told.problems ?? [`${answer.status} ${answer.statusText}`], told.findings);
  }

  // The names of threats; none if the server does not answer.
  threats(domain) {
    return fetch(`threats?domain=${domain}`).then((one) => one.json()).catch(() => []);
  }
}

class Problems extends Error {
  constructor(texts, findings = null) {
    super(texts.join("\n"));
    this.texts = texts;
    this.findings = findings;
  }
}
