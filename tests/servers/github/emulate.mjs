// Starts emulate's GitHub with one door more: `/_peer` takes in what the real git repository holds, so that REST and git
// agree, and gives out the tables from which the front answers GraphQL.
import { readFileSync, readdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [root, seedFile] = process.argv.slice(2);
const dist = join(root, "node_modules", "emulate", "dist");
const holder = readdirSync(dist).find(
  (name) => name.endsWith(".js") && /export \{[^}]*\bgithubPlugin\b/.test(readFileSync(join(dist, name), "utf8")),
);
const { githubPlugin, getGitHubStore } = await import(pathToFileURL(join(dist, holder)).href);
const { createEmulator } = await import(pathToFileURL(join(dist, "api.js")).href);

const register = githubPlugin.register;
githubPlugin.register = (app, store, ...rest) => {
  register.call(githubPlugin, app, store, ...rest);
  const gh = getGitHubStore(store);
  const of = (table, repo) => gh[table].findBy("repo_id", repo.id);
  app.post("/_peer", async (c) => {
    const told = await c.req.json();
    const repo = gh.repos.findOneBy("full_name", told.repo);
    takeCommits(gh, repo, told.commits ?? []);
    if (told.refs) takeRefs(gh, repo, told.refs, told.default_branch);
    for (const change of told.pulls ?? []) {
      const pull = of("pullRequests", repo).find((row) => row.number === change.number);
      gh.pullRequests.update(pull.id, change);
      const issue = of("issues", repo).find((row) => row.number === change.number);
      if (change.state) gh.issues.update(issue.id, { state: change.state, closed_at: change.closed_at ?? null });
    }
    const tables = ["pullRequests", "issues", "reviews", "comments", "checkRuns", "labels"];
    return c.json({
      ...Object.fromEntries(tables.map((table) => [table, of(table, repo)])),
      users: Object.fromEntries(gh.users.all().map((user) => [user.id, user.login])),
    });
  });
};

function takeCommits(gh, repo, commits) {
  for (const commit of commits) {
    const row = gh.commits.insert({
      repo_id: repo.id, node_id: "", author_name: "x", author_email: "x@y.invalid", author_date: commit.date,
      committer_name: "x", committer_email: "x@y.invalid", committer_date: commit.date, user_id: null,
      sha: commit.sha, tree_sha: commit.tree, parent_shas: commit.parents, message: commit.message,
    });
    gh.commits.update(row.id, { node_id: `C_${commit.sha}` });
  }
}

function takeRefs(gh, repo, refs, standard) {
  gh.repos.update(repo.id, { default_branch: standard });
  for (const row of gh.refs.findBy("repo_id", repo.id)) {
    if (!(row.ref in refs)) gh.refs.delete(row.id);
  }
  for (const row of gh.branches.findBy("repo_id", repo.id)) {
    if (!(`refs/heads/${row.name}` in refs)) gh.branches.delete(row.id);
  }
  for (const [ref, sha] of Object.entries(refs)) {
    put(gh.refs, repo, (row) => row.ref === ref, { ref, sha, node_id: `R_${ref}` });
    if (!ref.startsWith("refs/heads/")) continue;
    const name = ref.slice("refs/heads/".length);
    put(gh.branches, repo, (row) => row.name === name, { name, sha, protected: false });
    for (const pull of gh.pullRequests.findBy("repo_id", repo.id)) {
      if (pull.state !== "open") continue;
      if (pull.head_repo_id === repo.id && pull.head_ref === name) gh.pullRequests.update(pull.id, { head_sha: sha });
      if (pull.base_ref === name) gh.pullRequests.update(pull.id, { base_sha: sha });
    }
  }
}

function put(table, repo, same, data) {
  const there = table.findBy("repo_id", repo.id).find(same);
  if (there) table.update(there.id, data);
  else table.insert({ repo_id: repo.id, ...data });
}

const seed = JSON.parse(readFileSync(seedFile, "utf8"));
const server = await createEmulator({ service: "github", port: 0, hostname: "127.0.0.1", seed });
process.stdout.write(`${server.url.replace("localhost", "127.0.0.1")}\n`);
