"""A file of each format of detection content, and what is read from it."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A file of a format, and what is read from it.

    Attributes:
        name: the path of the file in its folder.
        text: the file.
        pairs: capability, technique and value of each mapping.
        groups: capability → its groups.
        other: values of the first mapping that scoping may ask for.
        place: line and column of the first mapping.
        wrong: a text of the file → a text that breaks the file, and the place of the error.
    """

    name: str
    text: str
    pairs: list[tuple[str, str, str | None]]
    groups: dict[str, tuple[str, ...]]
    other: dict[str, str]
    place: tuple[int, int]
    wrong: tuple[str, str, tuple[int, int]]


CASES = {
    "elastic": Case(
        "rules/windows/shell.toml",
        """\
[metadata]
creation_date = "2024/03/01"
integration = ["endpoint", "windows"]
maturity = "production"
updated_date = "2025/01/31"

[rule]
description = "name = nothing"
name = "Shell from Office"
risk_score = 47
rule_id = "r-1"
severity = "medium"
query = '''
process where T1003
'''

[[rule.threat]]
framework = "MITRE ATT&CK"

[[rule.threat.technique]]
id = "T1059"
name = "Command and Scripting Interpreter"

[[rule.threat.technique.subtechnique]]
id = "T1059.001"
name = "PowerShell"

[[rule.threat]]
framework = "Other"

[[rule.threat.technique]]
id = "T1566"
""",
        [("r-1", "T1059", None), ("r-1", "T1059.001", None)],
        {"r-1": ("level-medium", "status-production", "product-endpoint", "product-windows")},
        {"level": "medium", "status": "production", "risk score": "47", "product": "endpoint, windows"},
        (21, 7),
        ('severity = "medium"', "severity = medium", (12, 12)),
    ),
    "splunk": Case(
        "endpoint/tickets.yml",
        """\
name: Golden Ticket
id: s-1
date: '2025-05-02'
status: production
type: TTP
search: '| tstats count'
tags:
  analytic_story: [Tickets, Domain]
  mitre_attack_id:
  - T1558.001
  - t1550.003
  security_domain: endpoint
tests:
- name: One
- name: Two
""",
        [("s-1", "T1558.001", None), ("s-1", "T1550.003", None)],
        {"s-1": ("status-production", "type-ttp", "domain-endpoint")},
        {"status": "production", "story": "Tickets, Domain", "tests": "2"},
        (10, 5),
        ("tags:\n", "tags\n", (8, 17)),
    ),
    "sentinel": Case(
        "rules/spray.yaml",
        """\
id: m-1
name: Spray
severity: High
status: Available
requiredDataConnectors:
  - connectorId: AzureActiveDirectory
    dataTypes: [SigninLogs]
tactics: [CredentialAccess]
relevantTechniques:
  - T1110.003
query: SigninLogs | take 1
""",
        [("m-1", "T1110.003", None)],
        {"m-1": ("level-high", "status-available", "product-azureactivedirectory")},
        {"level": "High", "product": "AzureActiveDirectory", "data source": "SigninLogs"},
        (10, 5),
        ("query: SigninLogs", "query: [", (11, 10)),
    ),
    "panther": Case(
        "aws/keys.yml",
        """\
AnalysisType: rule
RuleID: AWS.Keys
DisplayName: Keys
Enabled: false
LogTypes: [AWS.CloudTrail]
Severity: High
Reports:
  MITRE ATT&CK:
    - TA0003:T1098.001
    - AML.TA0003:AML.T0018.000
Tests:
  - Name: One
""",
        [("AWS.Keys", "T1098.001", None)],
        {"AWS.Keys": ("level-high", "product-aws.cloudtrail")},
        {"level": "High", "enabled": "false", "data source": "AWS.CloudTrail", "tests": "1"},
        (9, 14),
        ("Enabled: false", "Enabled: [", (6, 1)),
    ),
    "yara-l": Case(
        "rules/shell.yaral",
        """\
rule shell_from_office {
  meta:
    author = "A"
    description = "A \\"quoted\\" text = T1003"
    // a comment
    severity = "High"
    mitre = "execution, t1059.001, T1566"
    mitre_attack_url = "https://attack.mitre.org/techniques/T1204/002/"
  events:
    $e.target = "T1105"
  condition:
    $e
}
""",
        [
            ("shell_from_office", "T1059.001", None),
            ("shell_from_office", "T1566", None),
            ("shell_from_office", "T1204.002", None),
        ],
        {"shell_from_office": ("level-high",)},
        {"level": "High", "author": "A"},
        (7, 25),
        ("", "", (0, 0)),
    ),
    "falco": Case(
        "rules/falco.yaml",
        """\
- required_engine_version: 0.57.0
- macro: open_read
  condition: (evt.type in (open))
- rule: Read keys
  desc: A program reads keys.
  condition: open_read
  enabled: false
  priority: WARNING
  tags: [maturity_stable, host, mitre_credential_access, T1552.004]
- rule: Untagged
  desc: Nothing.
  condition: open_read
  priority: INFO
  tags: [host]
""",
        [("Read keys", "T1552.004", None)],
        {"Read keys": ("level-warning",), "Untagged": ("level-info",)},
        {"level": "WARNING", "enabled": "false"},
        (9, 58),
        ("priority: WARNING", "priority: [", (10, 1)),
    ),
    "wazuh": Case(
        "rules/0015-agent.xml",
        """\
<!-- <rule id="1" level="1"><mitre><id>T1003</id></mitre></rule> -->
<group name="ossec,">
  <rule id="504" level="3">
    <match>a < b &amp; c</match>
    <description>Agent &lt;disconnected&gt;.</description>
    <mitre>
      <id>T1489</id>
      <id> T1562.001 </id>
    </mitre>
  </rule>
</group>
<group name="other,">
  <rule id="505" level="0"><description>Nothing.</description></rule>
</group>
""",
        [("504", "T1489", None), ("504", "T1562.001", None)],
        {"504": ("level-3",), "505": ("level-0",)},
        {"level": "3"},
        (7, 11),
        ("</group>\n<group", "<group", (2, 1)),
    ),
    "suricata": Case(
        "emerging.rules",
        """\
# a comment
alert http $HOME_NET any -> any any (msg:"ET; odd \\"one\\""; metadata: affected_product Linux, mitre_technique_id \
T1190, signature_severity Major, created_at 2024_01_02; sid:2001; rev:1;)
#alert tcp any any -> any any (msg:"off"; metadata:mitre_technique_id T1071; sid:2002;)
""",
        [("2001", "T1190", None), ("2002", "T1071", None)],
        {"2001": ("level-major", "product-linux"), "2002": ()},
        {"level": "Major", "product": "Linux"},
        (2, 114),
        ("", "", (0, 0)),
    ),
    "capa": Case(
        "persistence/service.yml",
        """\
rule:
  meta:
    name: create service
    namespace: persistence/service
    att&ck:
      - Persistence::Create or Modify System Process::Windows Service [T1543.003]
  features:
    - api: CreateService
""",
        [("create service", "T1543.003", None)],
        {"create service": ("namespace-persistence-service",)},
        {"namespace": "persistence/service"},
        (6, 72),
        ("name: create", "name: [create", (4, 14)),
    ),
    "car": Case(
        "analytics/CAR-2020-01-001.yaml",
        """\
title: Services
submission_date: 2020/01/31
information_domain: Host
platforms: [Windows]
id: CAR-2020-01-001
description: x
coverage:
  - technique: T1543
    tactics: [TA0003]
    subtechniques: [T1543.003]
    coverage: Moderate
  - technique: T1112
    coverage: low
""",
        [
            ("CAR-2020-01-001", "T1543", "Moderate"),
            ("CAR-2020-01-001", "T1543.003", "Moderate"),
            ("CAR-2020-01-001", "T1112", "Low"),
        ],
        {"CAR-2020-01-001": ("platform-windows",)},
        {"platform": "Windows"},
        (8, 16),
        ("id: CAR", "id: [CAR", (6, 12)),
    ),
    "sysmon": Case(
        "sysmon.xml",
        """\
<?xml version="1.0"?>
<Sysmon schemaversion="4.90">
  <EventFiltering>
    <RuleGroup groupRelation="or">
      <ProcessCreate onmatch="include">
        <Image name="technique_id=T1059.001,technique_name=PowerShell" condition="image">powershell.exe</Image>
        <Image name="technique_id=T1059.001,technique_name=PowerShell" condition="image">pwsh.exe</Image>
      </ProcessCreate>
      <ProcessAccess onmatch="exclude">
        <SourceImage name="technique_id=T1003,technique_name=x" condition="is">a</SourceImage>
      </ProcessAccess>
    </RuleGroup>
  </EventFiltering>
</Sysmon>
""",
        [("sysmon", "T1059.001", None)],
        {"sysmon": ("event-processcreate",)},
        {"event": "ProcessCreate", "field": "Image"},
        (6, 35),
        ("</EventFiltering>\n</Sysmon>", "", (3, 3)),
    ),
    "atomic": Case(
        "atomics/T1003/T1003.yaml",
        """\
attack_technique: T1003
display_name: OS Credential Dumping
atomic_tests:
- name: Dump
  auto_generated_guid: a-1
  supported_platforms: [windows]
  executor: {name: powershell, command: "x #{y}"}
- name: Dump again
  auto_generated_guid: a-2
  supported_platforms: [linux, macos]
""",
        [("a-1", "T1003", None), ("a-2", "T1003", None)],
        {"a-1": ("platform-windows", "executor-powershell"), "a-2": ("platform-linux", "platform-macos")},
        {"platform": "windows", "executor": "powershell"},
        (1, 19),
        ("display_name: OS", "display_name: [OS", (3, 13)),
    ),
    "caldera": Case(
        "abilities/keys.yml",
        """\
---

- id: c-1
  name: Find keys
  description: x
  tactic: credential-access
  technique:
    attack_id: T1552.004
    name: "Unsecured Credentials: Private Keys"
  platforms:
    windows: {psh: {command: x}}
    darwin: {sh: {command: x}}
""",
        [("c-1", "T1552.004", None)],
        {"c-1": ("platform-darwin", "platform-windows")},
        {"platform": "windows, darwin", "tactic": "credential-access"},
        (8, 16),
        ("name: Find", "name: [Find", (5, 14)),
    ),
}
