#!/usr/bin/env bash
# The work of action.yml: findings as annotations, layers, and what changed since the branch BASE as a summary and a comment.
# Environment: see action.yml. All parts run; the exit status is 1 if one of them failed.
set -uo pipefail

marker='<!-- navlayers -->'
failed=0
readarray -t files < <(printf '%s\n' "$FILES" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//' | grep -v '^$')
if [ "${#files[@]}" = 0 ]; then
  echo "::error::navlayers: the input 'files' is empty; name mapping files, one per line"
  exit 2
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

body=$(mktemp)
trap 'rm -f "$body"' EXIT
if [ -n "${BASE:-}" ]; then
  # A checkout has one branch alone, unless it has fetch-depth: 0.
  git cat-file -e "$BASE^{commit}" 2> /dev/null \
    || git fetch --quiet --depth 1 origin "+refs/heads/${BASE#origin/}:refs/remotes/$BASE"
  loss=()
  [ "${FAIL_ON_LOSS:-}" = true ] && loss=(--fail-on-loss)
  for file in "${files[@]}"; do
    if ! git cat-file -e "$BASE:$file" 2> /dev/null; then
      printf '### Coverage: %s is new\n\n' "$file" >> "$body"
    elif ! git diff --quiet "$BASE" -- "$file"; then
      navlayers diff "$BASE:$file" "$file" --format md "${loss[@]}" >> "$body" || failed=1
      printf '\n' >> "$body"
    fi
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
