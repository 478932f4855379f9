// The simulated Glue, seen by AWS's own JavaScript client (GLUE-1, GLUE-3, GLUE-6, GLUE-7).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  BatchGetJobsCommand, BatchStopJobRunCommand, GetJobCommand, GetJobRunCommand, GlueClient, ListJobsCommand, StartJobRunCommand,
  paginateGetJobRuns, paginateGetJobs, paginateListJobs,
} from "@aws-sdk/client-glue";

import { all, credentials, startSandbox } from "./sandbox.mjs";

let sandbox;
let glue;

before(async () => {
  sandbox = await startSandbox();
  glue = new GlueClient(sandbox.settings);
  await sandbox.admin("glue/job", { Name: "js job/ä", DefaultArguments: { "--source": "s3://in" }, ExecutionProperty: { MaxConcurrentRuns: 3 } });
  await sandbox.admin("glue/job", { name_prefix: "bulk-", count: 250 });
});
after(() => sandbox.stop());

test("lists and describes jobs page by page", async () => {
  const names = (await all(paginateListJobs({ client: glue, pageSize: 100 }, {}))).flatMap((page) => page.JobNames);
  assert.equal(names.filter((name) => name.startsWith("bulk-")).length, 250);
  assert.equal(new Set(names).size, names.length);
  const jobs = (await all(paginateGetJobs({ client: glue, pageSize: 100 }, {}))).flatMap((page) => page.Jobs);
  assert.deepEqual(jobs.map((job) => job.Name).sort(), names.sort());
  const some = await glue.send(new BatchGetJobsCommand({ JobNames: ["js job/ä", "none"] }));
  assert.deepEqual([some.Jobs.map((job) => job.Name), some.JobsNotFound], [["js job/ä"], ["none"]]);
  const { Job } = await glue.send(new GetJobCommand({ JobName: "js job/ä" }));
  assert.deepEqual(Job.DefaultArguments, { "--source": "s3://in" });
  assert.ok(Job.CreatedOn instanceof Date && !Number.isNaN(Job.CreatedOn.valueOf()));
});

test("runs a job to its end and another to a stop", async () => {
  const start = () => glue.send(new StartJobRunCommand({ JobName: "js job/ä", Arguments: { "--source": "s3://other" } }));
  const first = await start();
  const second = await start();
  const stopped = await glue.send(new BatchStopJobRunCommand({ JobName: "js job/ä", JobRunIds: [second.JobRunId, "jr_unknown"] }));
  assert.deepEqual(stopped.SuccessfulSubmissions.map((one) => one.JobRunId), [second.JobRunId]);
  assert.equal(stopped.Errors.length, 1);
  await sandbox.advance(60);
  const { JobRun } = await glue.send(new GetJobRunCommand({ JobName: "js job/ä", RunId: first.JobRunId }));
  assert.equal(JobRun.JobRunState, "SUCCEEDED");
  assert.equal(JobRun.Arguments["--source"], "s3://other");
  const runs = (await all(paginateGetJobRuns({ client: glue, pageSize: 1 }, { JobName: "js job/ä" }))).flatMap((page) => page.JobRuns);
  assert.deepEqual(new Map(runs.map((run) => [run.Id, run.JobRunState])),
    new Map([[second.JobRunId, "STOPPED"], [first.JobRunId, "SUCCEEDED"]]));
});

test("refuses as Glue does", async () => {
  await assert.rejects(glue.send(new GetJobCommand({ JobName: "none" })), { name: "EntityNotFoundException" });
  await assert.rejects(glue.send(new ListJobsCommand({ MaxResults: 1001 })), (error) => error.$metadata.httpStatusCode === 400);
  await assert.rejects(glue.send(new ListJobsCommand({ NextToken: "made up" })), (error) => error.$metadata.httpStatusCode === 400);
  const stranger = new GlueClient({ ...sandbox.settings, credentials: { ...credentials, secretAccessKey: "wrong" } });
  await assert.rejects(stranger.send(new ListJobsCommand({})), { name: "InvalidSignatureException" });
});
