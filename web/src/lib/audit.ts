/** What the audit log says in codes, as people say it. */

const words: Record<string, string> = {
  setup: "set up this server",
  login: "signed in",
  logout: "signed out",
  "account.create": "created the account",
  "account.change": "changed the profile",
  "account.password": "changed the password",
  "account.password_reset": "reset the password of",
  "account.administrate": "changed an account:",
  "account.delete": "deleted an account",
  "session.revoke": "ended a session",
  "session.revoke_others": "ended all other sessions",
  "key.create": "made the key",
  "key.revoke": "revoked a key",
  "invite.create": "made an invitation",
  "invite.delete": "revoked an invitation",
  "project.create": "created the project",
  "project.update": "changed the project",
  "project.delete": "deleted the project",
  "member.set": "set a member:",
  "member.remove": "removed a member:",
  "variable.set": "set the variable",
  "variable.reveal": "revealed the secret",
  "variable.delete": "deleted the variable",
  "variables.replace": "replaced the variables:",
  "function.create": "made the function",
  "function.deploy": "deployed the function",
  "function.change": "changed the function",
  "function.rollback": "rolled back the function",
  "function.delete": "deleted the function",
  "input.save": "saved an input of the function",
  "input.delete": "deleted an input of the function",
  "route.create": "made the route",
  "route.change": "changed the route",
  "route.delete": "deleted the route",
  "domain.add": "added the domain",
  "domain.remove": "removed the domain",
  "packages.save": "saved the packages:",
  "packages.cancel": "ended a build of packages:",
  "database.provision": "made the database",
  "database.deprovision": "deleted the database",
  "database.rotate": "changed the password of the database",
  "database.reveal": "revealed the password of the database",
  "database.query": "ran SQL in the database",
  "database.backup": "made a backup of the database:",
  "database.backup.delete": "deleted a backup of the database:",
  "database.restore": "restored the database from a backup:",
};

/** What somebody did, behind their name: "revoked a key". An action without words of ours keeps the server's. */
export const actionText = (action: string): string => words[action] ?? action;

/** What an action was about. Ids are long and say nothing by themselves: `names` has those of accounts. */
export const detailText = (detail: string, names: ReadonlyMap<string, string>): string =>
  detail.replaceAll(/\b[0-9a-f]{24}\b/g, (id) => names.get(id) ?? `${id.slice(0, 8)}…`);
