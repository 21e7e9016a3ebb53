#!/usr/bin/env bash
# The work of action.yml: findings as annotations, layers, and what changed since the branch BASE as a summary and a comment.
# Environment: see action.yml. All parts run; the exit status is 1 if one of them failed.
set -uo pipefail
# Paths are no patterns.
export GIT_LITERAL_PATHSPECS=1

marker='<!-- navlayers -->'
failed=0
readarray -t files < <(printf '%s\n' "$FILES" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//' | grep -v '^$')
if [ "${#files[@]}" = 0 ]; then
  echo "::error::navlayers: the input 'files' is empty; name mapping files, one per line"
  exit 2
fi

# The base is read before any work: without it, every file would count as new, and no loss would fail.
if [ -n "${BASE:-}" ]; then
  # A checkout has one branch alone, unless it has fetch-depth: 0; a base that is no branch can be a commit.
  base_commit() { git rev-parse --quiet --verify "$BASE^{commit}" > /dev/null; }
  reason=$( (base_commit \
    || git fetch --quiet --depth 1 -- origin "+refs/heads/${BASE#origin/}:refs/remotes/$BASE" \
    || git fetch --quiet --depth 1 -- origin "$BASE") 2>&1)
  if ! base_commit 2> /dev/null; then
    echo "::error::navlayers: cannot find the base '$BASE': $(printf '%s' "$reason" | head -n 1)"
    echo "BASE is a branch such as origin/main, or a commit; in actions/checkout, fetch-depth: 0 gets all of them." >&2
    exit 2
  fi
fi

strict=()
[ "${STRICT:-}" = true ] && strict=(--strict)
navlayers check "${strict[@]}" --format github -- "${files[@]}" || failed=1
if [ -n "${SARIF:-}" ]; then
  navlayers check --format sarif -- "${files[@]}" > "$SARIF" || true
fi

if [ -n "${LAYERS:-}" ]; then
  navlayers build -o "$LAYERS" -- "${files[@]}" || failed=1
fi

# The path in BASE, from the top of the repository, of what is now at a path; nothing for a new file.
# A third of the content is enough: a rename that drops most of a file is a loss, not a new file.
renamed_from() {
  local status from to
  while IFS= read -r -d '' status && IFS= read -r -d '' from && IFS= read -r -d '' to; do
    if [ "$to" = "$1" ]; then printf '%s' "$from"; fi
  done < <(git diff --no-ext-diff --find-renames=33% -l0 --diff-filter=R --name-status -z "$BASE")
}

body=$(mktemp)
trap 'rm -f "$body"' EXIT
if [ -n "${BASE:-}" ]; then
  loss=()
  [ "${FAIL_ON_LOSS:-}" = true ] && loss=(--fail-on-loss)
  for file in "${files[@]}"; do
    path=$([ -d "$file" ] || git ls-files -z --full-name -- "$file" | tr -d '\0')
    # git does not know the file: from ./ on, a path starts at the current folder.
    old=${path:=./$file}
    if ! git cat-file -e "$BASE:$path" 2> /dev/null; then
      old=$(renamed_from "$path")
      if [ -z "$old" ]; then
        printf '### Coverage: %s is new\n\n' "$file" >> "$body"
        continue
      fi
    elif git diff --quiet "$BASE" -- "$file"; then
      continue
    fi
    navlayers diff "$BASE:$old" "$file" --format md "${loss[@]}" >> "$body" || failed=1
    printf '\n' >> "$body"
  done
  [ -s "$body" ] || printf '### Coverage: no mapping file changed\n' >> "$body"
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then cat "$body" >> "$GITHUB_STEP_SUMMARY"; else cat "$body"; fi
fi

# One comment, found by its marker, that later runs replace.
if [ "${COMMENT:-}" = true ] && [ -n "${PULL_REQUEST:-}" ] && [ -s "$body" ]; then
  printf '\n%s\n' "$marker" >> "$body"
  comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
  id=$(gh api --paginate "$comments" --jq ".[] | select(.body | contains(\"$marker\")) | .id" | head -n 1)
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F "body=@$body"
  else
    gh api --silent --method POST "$comments" -F "body=@$body"
  fi || echo "::warning::navlayers: no comment on the pull request: the token needs pull-requests: write"
fi
exit "$failed"
