"""Whether the command line can do all that the API can: every operation of the contract has a command, or a reason why not."""

import re

import yaml
from harness import ROOT

# Operation: the command that uses it; "- reason" where none does.
COMMANDS = {
    "health": "- for probes; status says more", "metrics": "- for Prometheus", "system": "status",
    "setupState": "login", "setup": "setup", "register": "setup", "login": "login", "logout": "login",
    "account": "whoami", "changeAccount": "account change", "deleteAccount": "account close", "changePassword": "account password",
    "sessions": "session list", "endSessions": "session end-all", "endSession": "session end",
    "keys": "key list", "createKey": "key create", "revokeKey": "key revoke",
    "accounts": "account list", "changeAnAccount": "account quota", "deleteAnAccount": "account delete",
    "resetPassword": "account reset-password", "invites": "account invites", "invite": "account invite",
    "revokeInvite": "account withdraw", "audit": "audit",
    "projects": "project list", "createProject": "project create", "project": "project show", "changeProject": "project set",
    "deleteProject": "project delete", "projectFunctions": "- list --project asks for the same of /api/functions",
    "members": "member list", "setMember": "member add", "removeMember": "member remove", "projectAudit": "audit",
    "variables": "env list", "setVariable": "env set", "replaceVariables": "env push", "removeVariable": "env unset",
    "revealVariable": "env reveal",
    "requirements": "deps show", "setRequirements": "- waits for the build; deps install watches it", "requirementsLock": "deps lock",
    "builds": "deps builds", "startBuild": "deps install", "build": "deps log", "buildEvents": "deps log", "cancelBuild": "deps cancel",
    "database": "db show", "provisionDatabase": "db create", "deprovisionDatabase": "db delete",
    "rotateDatabasePassword": "db rotate", "revealDatabaseUrl": "db url", "databaseTables": "db tables",
    "databaseRows": "- db query selects what it likes", "databaseQuery": "db query", "databaseBackups": "db backups",
    "backUpDatabase": "db backup", "databaseBackup": "db download", "removeDatabaseBackup": "db discard", "restoreDatabase": "db restore",
    "domains": "domain list", "addDomain": "domain add", "removeDomain": "domain remove",
    "routes": "route list", "createRoute": "route add", "matchRoute": "route match", "changeRoute": "route change",
    "removeRoute": "route remove",
    "functions": "list", "createFunction": "- deploy makes functions", "deploy": "deploy", "function": "settings",
    "changeFunction": "settings", "deleteFunction": "delete", "versions": "versions", "version": "pull",
    "activateVersion": "rollback", "versionFiles": "pull", "inputs": "input list", "saveInput": "input save",
    "removeInput": "input remove", "invoke": "invoke", "load": "load",
    "functionInvocations": "logs", "functionTail": "logs", "functionExport": "logs", "projectInvocations": "logs",
    "projectTail": "logs", "projectExport": "logs", "allInvocations": "logs", "allTail": "logs", "allExport": "logs",
    "invocation": "logs", "stats": "- stats shows totals with their quantiles", "series": "stats", "functionSeries": "stats",
    "projectSeries": "stats",
}


def known(cli):
    """Commands, and "command verb" of those that have several."""
    script = cli.ok("completion", "bash")
    names = set(re.search(r"COMPREPLY=\(\$\(compgen -W '([a-z -]+)'", script).group(1).split())
    for name, verbs in re.findall(r"^ +([a-z-]+)\) COMPREPLY=\(\$\(compgen -W '([a-z -]+)'", script, re.M):
        names |= {f"{name} {verb}" for verb in verbs.split()}
    return names


def test_every_operation_of_the_api_has_a_command_or_a_reason(cli):
    paths = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text())["paths"]
    operations = {operation["operationId"] for path, item in paths.items() for operation in item.values()
                  if isinstance(operation, dict) and not path.startswith("/api/gateway")}
    assert operations == COMMANDS.keys()
    assert {command for command in COMMANDS.values() if not command.startswith("- ")} <= known(cli)
