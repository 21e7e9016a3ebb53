"""The kinds of findings: one stable code each, how bad it is, what it means and what to do about it.

`navlayers check --explain CODE` and docs/findings.md print what stands here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]


class Code(NamedTuple):
    """One kind of finding.

    An error means that layers made from the set lack something or say what cannot be meant; a warning, that a
    person should look; a note never fails. `title` is a clause without an end mark; `why` says why it matters,
    `mend` what to do, `example` shows one. All are plain text with `code` in backticks.
    """

    level: Level
    title: str
    why: str = ""
    mend: str = ""
    example: str = ""


CODES: dict[str, Code] = {
    # What readers say: the file is not what it seems, or a value in it is not one.
    "unreadable": Code(
        "error",
        "the input cannot be read",
        "Nothing is known of a file that is missing, empty, too large or not permitted.",
        "Check the path and the permissions; raise the limit with `--max-size` for a file that is large by right.",
        "`navlayers check contorls.yaml` where the file is called controls.yaml.",
    ),
    "encoding": Code(
        "error",
        "the text is not in an encoding that is read",
        "Bytes that are no UTF-8 would become other letters without anybody noticing.",
        "Save the file as UTF-8, with an editor or with `iconv -f ENCODING -t UTF-8`.",
        "A file that an old spreadsheet saved as UTF-16.",
    ),
    "syntax": Code(
        "error",
        "the text is not what its format asks for",
        "Past a missing comma, quote or bracket nobody can tell what the file says.",
        "Look at the place, and at the lines above it.",
        '`{"metadata": {} "mapping_objects": []}` lacks a comma.',
    ),
    "wrong-shape": Code(
        "error",
        "the file is of no known format, or a part of it is not of the right kind",
        "The parts that a mapping set has were looked for and not found.",
        "Compare the file with docs/formats.md, or say with `--from` which format it is.",
        "A list of capabilities where an object with `metadata` and `mapping_objects` is expected.",
    ),
    "duplicate-key": Code(
        "error",
        "a key stands twice",
        "Most tools keep the last one without a word, and half of the data is gone.",
        "Merge the two, or remove one.",
        "`T1078` twice under the same capability.",
    ),
    "duplicate-id": Code(
        "error",
        "an id stands twice",
        "Ids are compared without blanks around them, and what refers to one of the two could mean either.",
        "Merge the two, or rename one.",
        '`storage` and `" storage"`, both declared as groups.',
    ),
    "unknown-field": Code(
        "warning",
        "a field has no meaning in its format",
        "It is kept, but nothing is made of it; often it is a slip in a field that has a meaning.",
        "Write the field as its format does, or leave it.",
        "`scorevalue` where `score_value` is meant.",
    ),
    "unknown-key": Code(
        "error",
        "a key has no meaning in its format",
        "Native sets are read strictly: a slip in a key would silently drop what stands behind it.",
        "Write the key as docs/native-yaml.md does; free pairs of text have their place under `other`.",
        "`protects: partial` where `protect: partial` is meant.",
    ),
    "wrong-type": Code(
        "error",
        "a value is not of the right kind",
        "Text was expected and a list stands there, or the other way round.",
        "Write the value as the message asks for it; put text that looks like something else between quotes.",
        "`name: [Key, Vault]`.",
    ),
    "refused-yaml": Code(
        "error",
        "the YAML uses anchors, aliases or tags",
        "They make files that grow without end or run code when other tools read them; a mapping set needs none.",
        "Write the values out.",
        "`references: *links`.",
    ),
    "missing-metadata": Code(
        "error",
        "the set lacks what every set has to say of itself",
        "Without framework, version, domain and ATT&CK version its ids mean nothing certain.",
        "Add it to the file, or say it with `--meta`.",
        "A file without `attack_version`.",
    ),
    "assumed-metadata": Code(
        "warning",
        "the file does not say something of the set, and it is taken for granted",
        "What was taken may be wrong, such as the ATT&CK release that the ids are looked up in.",
        "Say it with `--meta`, or keep the set in a format that holds it.",
        "A CSV file with technique ids and scores only.",
    ),
    "malformed-technique": Code(
        "error",
        "a technique id is not written as ATT&CK writes them",
        "No tool finds the technique; the mapping is lost.",
        "Write T and four digits, for a sub-technique a dot and three more. Where the catalogue knows what is "
        "nearly there, the hint names it.",
        "`T1059.01` where `T1059.001` is meant.",
    ),
    "unknown-category": Code(
        "error",
        "a score category is not protect, detect or respond",
        "The score would be in no layer.",
        "Use one of the three.",
        "`prevent` in the column of categories.",
    ),
    "unknown-value": Code(
        "error",
        "a score value is not on the scale",
        "It cannot be turned into a number.",
        "Use a name of the scale or a number from 0 to 100; native YAML can declare a scale of its own.",
        "`high`, in a set whose scale has minimal, partial and significant.",
    ),
    "unknown-domain": Code(
        "error",
        "the domain is not enterprise, mobile or ics",
        "The same id can mean something else, or nothing, in another domain.",
        "Use one of the three.",
        "`domain: cloud`.",
    ),
    "blanks": Code(
        "warning",
        "an id has blanks around it",
        "navlayers reads it without them; other tools take it for another id.",
        "Remove the blanks; `--fix` does it.",
        '`"AC-2 "`.',
    ),
    "undeclared-group": Code(
        "warning",
        "a group is not declared",
        "It has no name but its id; often it is a slip in the id of one that is declared.",
        "Declare it, or correct the id; the hint names a declared one that is nearly the same.",
        "A capability in the group `Storage` where `storage` is declared.",
    ),
    "undeclared-type": Code(
        "warning",
        "a mapping type is not declared",
        "Readers of the set cannot look up what the relation means.",
        "Declare it in `mapping_types`, or correct it. `--fix` does so where a declared id differs only in case, "
        "blanks or marks.",
        "`related-to` where `related_to` is declared.",
    ),
    "not-a-type": Code(
        "error",
        "a word that is no mapping type stands where one is expected",
        "A score or a flag in the place of a mapping type would count as a bare relation.",
        "Write scores as `{protect: partial}` and what cannot be mapped as `{non_mappable: true}`.",
        "`T1078: partial`.",
    ),
    "contradictory-entry": Code(
        "error",
        "an entry says two things that exclude each other",
        "It cannot be told which one is meant.",
        "Keep one of the two.",
        "`{non_mappable: true, protect: partial}`.",
    ),
    "foreign-group": Code(
        "error",
        "an entry is filed under a group that its capability is not in",
        "The mapping would be missing from the layers of the capability's groups.",
        "Add the group to the capability, or correct the entry.",
        "`group: network` under a capability that is in `storage` only.",
    ),
    "empty-row": Code(
        "error",
        "a row names neither a capability nor a technique",
        "It says nothing.",
        "Complete or delete it.",
        "A row of a table with nothing but a comment.",
    ),
    "no-technique": Code(
        "warning",
        "a row names no technique",
        "It reads like a mapping that lost its technique; it is kept as non-mappable.",
        "Add the technique, or give the row the status non_mappable.",
        "A row with the status complete and without an attack_object_id.",
    ),
    "no-capability": Code(
        "warning",
        "a row names no capability",
        "It reads like a mapping that lost its capability; it is kept as a technique that cannot be mapped.",
        "Add the capability, or give the row the status non_mappable.",
        "A row with the status complete and an attack_object_id alone.",
    ),
    "lost-capability": Code(
        "error",
        "a row maps a technique but names no capability",
        "It has a score or a mapping type that belongs to nobody.",
        "Add the capability, or give the row the status non_mappable.",
        "`,T1078,protect,partial`.",
    ),
    "empty-set": Code(
        "warning",
        "the set has no mappings",
        "There is nothing to make layers of.",
        "Check that it is the right file.",
        '`"mapping_objects": []`.',
    ),
    "other-scale": Code(
        "warning",
        "scores of a layer are not on the scale from 0 to 100",
        "Scores are compared on one scale; which score of a layer means all or nothing, only its gradient tells.",
        "Check the gradient, or put the scores on the scale from 0 to 100.",
        "A layer whose scores count to 170, and whose gradient runs from 0 to 170.",
    ),
    "not-carried": Code(
        "note",
        "something in the file is left out",
        "The model has no room for it, so that it does not survive conversion.",
        "Keep the original where you need it.",
        "A field of the metadata that no other format knows.",
    ),
    "ambiguous-text": Code(
        "warning",
        "other tools read this text as something else",
        "YAML tools do not agree on unquoted words such as no, 1:30, 010 or 16.10; navlayers takes them as text.",
        "Put quotes around it.",
        "`attack_version: 16.10`, which other tools read as 16.1.",
    ),
    "unknown-term": Code(
        "warning",
        "a word or date is none that its format knows",
        "It is kept as written, in a group of its own where it names one; often it is a slip.",
        "Write it as the format does.",
        "`level: hihg` in a Sigma rule.",
    ),
    "repeated-rule": Code(
        "warning",
        "two rules of a folder have the same id",
        "Both are read, the second by its path; what refers to the id could mean either.",
        "Give each rule an id of its own, or remove the copy.",
        "A Sigma rule that was copied and changed.",
    ),
    "files-disagree": Code(
        "warning",
        "a file of a folder says something else of the set than the others",
        "A set has one ATT&CK version; what most files say counts.",
        "Bring the files to the same version, or put them into folders of their own.",
        "`ATT&CK version: 9` in one control, 8.2 in all others.",
    ),
    "unrated-technique": Code(
        "warning",
        "a technique stands there without a score",
        "It is kept as a mapping that is not rated.",
        "Add a category and a value, or remove the technique.",
        "A technique of a security stack control without technique-scores.",
    ),
    # What the rules of `check` say: the file is sound, and something that it says is doubtful or wrong.
    "release-not-at-hand": Code(
        "warning",
        "the ATT&CK release of the set is not at hand",
        "Technique ids and names are looked up in another release of the same version line, or not at all.",
        "Add the release with `navlayers attack add`, or check against one at hand with `--attack`.",
        "`attack_version: 13.1` where releases 12.1 and 14.1 are at hand.",
    ),
    "unknown-technique": Code(
        "error",
        "the release has no technique of this id",
        "The mapping is in no layer.",
        "Look for a slip, or for the release that the set was really made for.",
        "`T1059.999`.",
    ),
    "revoked-technique": Code(
        "error",
        "the release revoked this technique",
        "It is in no matrix of the release, so that the mapping is in no layer unless it is carried over.",
        "Use the technique that took its place. `--fix` does so where there is one and the capability is not yet "
        "mapped to it.",
        "`T1053.001` in a set made for ATT&CK 16.1, which has `T1053.002` instead.",
    ),
    "deprecated-technique": Code(
        "error",
        "the release deprecated this technique",
        "It is in no matrix of the release, so that the mapping is in no layer, and nothing took its place.",
        "Map what the technique stood for to others, or remove the mapping.",
        "`T1034` in a set made for ATT&CK 8.2.",
    ),
    "other-domain-technique": Code(
        "error",
        "the technique belongs to another ATT&CK domain",
        "The matrix of the set's domain does not have it, so that the mapping is in no layer.",
        "Use the technique of the set's own domain, or move the mapping to a set of the other one.",
        "`T1521.003`, of the mobile domain, in a set of the enterprise domain.",
    ),
    "technique-renamed": Code(
        "warning",
        "the name of the technique is not the one of the release, but an older or newer one",
        "People who read the set see a name that they do not find in ATT&CK.",
        "Use the release's name; `--fix` does.",
        "`T1110.003` called by another release's name.",
    ),
    "technique-spelling": Code(
        "warning",
        "the name of the technique is misspelt",
        "The id is what counts; the name is nearly the release's.",
        "Use the release's name; `--fix` does where the two differ in case, blanks and marks only.",
        "`Valid account` for `T1078`, Valid Accounts.",
    ),
    "technique-name": Code(
        "warning",
        "the name does not belong to the technique id",
        "Either the id or the name is wrong; if it is the id, the mapping is in the wrong place.",
        "Find out which is meant and correct the other.",
        "`T1078` named Brute Force.",
    ),
    "parent-below-subs": Code(
        "warning",
        "a technique is rated lower than all of its sub-techniques",
        "Whoever is strong against each sub-technique is not weak against the technique as a whole. Within one "
        "capability and category; only where every sub-technique of the release is rated, because one that is not "
        "counts as 0.",
        "Raise the technique, or check the ratings of the sub-techniques.",
        "`T1110: {protect: minimal}` where `T1110.001` to `T1110.004` are all partial.",
    ),
    "parent-above-subs": Code(
        "warning",
        "a technique is rated higher than all of its sub-techniques",
        "The strength against the technique has to come from somewhere. Within one capability and category; only "
        "where at least one sub-technique is rated; those that are not count as 0.",
        "Lower the technique, or check whether a sub-technique is missing or rated too low.",
        "`T1110: {protect: significant}` where `T1110.001` is partial and the others are not rated.",
    ),
    "duplicate-mapping": Code(
        "warning",
        "a capability is mapped twice to a technique, with the same rating",
        "It counts once; two comments that should be one are a sign of an edit that was not finished. Rows that "
        "differ in mapping type, category or group are no duplicates.",
        "Merge the two.",
        "Two rows that rate the same capability, technique and category as partial.",
    ),
    "conflicting-values": Code(
        "warning",
        "a capability is rated twice, and differently, for the same technique and category",
        "Layers take the highest value; the other may be the one that was meant.",
        "Decide for one value, or merge the comments under the higher one.",
        "`T1110.003`: protect minimal in one row, protect significant in another.",
    ),
    "category-without-value": Code(
        "warning",
        "a mapping has a score category but no score value",
        "In a set that scores, it adds nothing to the layer of that category.",
        "Add the value, or remove the category.",
        "`T1078: {detect: }`.",
    ),
    "value-without-category": Code(
        "warning",
        "a mapping has a score value but no score category",
        "In a set with categories, it is in the overview but in no layer of a category.",
        "Add the category.",
        "`T1078: {value: partial}` among entries with protect and detect.",
    ),
    "unused-group": Code(
        "warning",
        "a group is declared but no capability is in it",
        "It gives no layer; often its capabilities were renamed or moved and the list was not.",
        "Remove the group, or put its capabilities into it.",
        "`network: Network` under `groups`, and no capability with `groups: [network]`.",
    ),
    "capability-without-mapping": Code(
        "warning",
        "a capability is neither mapped nor recorded as non-mappable",
        "Nobody can tell whether it was looked at.",
        "Map it, or record it as non-mappable.",
        "A capability with a name and nothing else.",
    ),
    "lookalike-id": Code(
        "warning",
        "an id differs from another only by case, blanks or marks",
        "They count as two, which splits what belongs together.",
        "Write both the same way, or give one a telling name.",
        "`key_vault` and `Key-Vault`.",
    ),
    "mapped-non-mappable": Code(
        "warning",
        "a record says non-mappable where there are mappings",
        "One of the two is out of date.",
        "Remove the record or the mappings.",
        "A capability that is non-mappable in one row and mapped to T1078 in another.",
    ),
    "link-blanks": Code(
        "warning",
        "a link has blanks around it",
        "Some tools follow it, others do not, and the same link counts as two.",
        "Remove the blanks; `--fix` does.",
        '`" https://example.org/a"`.',
    ),
    "broken-link": Code(
        "warning",
        "a reference has not the form of a link that works",
        "Judged by its form alone, nothing is fetched: no http or https, blanks or quotes within, several in one, "
        "a host that is none in the internet, or a mark of the sentence that it was copied from.",
        "Correct the link, or split the reference into one for each link.",
        "`chrome-extension://abc/https://example.org/a.pdf`.",
    ),
}
