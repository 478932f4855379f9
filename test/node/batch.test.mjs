// The simulated Batch, seen by AWS's own JavaScript client (BATCH-1, BATCH-3, BATCH-5, BATCH-6, BATCH-8).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  BatchClient, DescribeJobQueuesCommand, DescribeJobsCommand, ListJobsCommand, SubmitJobCommand, TerminateJobCommand,
  paginateDescribeJobDefinitions,
} from "@aws-sdk/client-batch";

import { all, startSandbox } from "./sandbox.mjs";

let sandbox;
let batch;

before(async () => {
  sandbox = await startSandbox();
  batch = new BatchClient(sandbox.settings);
  await sandbox.admin("batch/queue", { jobQueueName: "js-queue" });
  for (let revision = 0; revision < 2; ++revision) {
    await sandbox.admin("batch/definition", {
      jobDefinitionName: "js-definition",
      parameters: { mode: "full" },
      containerProperties: { image: "busybox", command: ["run", "Ref::mode", "Ref::day"],
        resourceRequirements: [{ type: "VCPU", value: "1" }, { type: "MEMORY", value: "512" }] },
    });
  }
});
after(() => sandbox.stop());

const submit = (more = {}) => batch.send(new SubmitJobCommand({ jobName: "Polysync-js", jobQueue: "js-queue", jobDefinition: "js-definition",
  parameters: { day: "2026-09-14" }, ...more }));
const describe = async (...jobs) => (await batch.send(new DescribeJobsCommand({ jobs }))).jobs;

test("lists queues and every active revision", async () => {
  const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: ["js-queue"] }));
  assert.deepEqual(jobQueues.map((queue) => [queue.state, queue.status]), [["ENABLED", "VALID"]]);
  const pages = await all(paginateDescribeJobDefinitions({ client: batch, pageSize: 1 }, { jobDefinitionName: "js-definition", status: "ACTIVE" }));
  assert.deepEqual(pages.flatMap((page) => page.jobDefinitions).map((one) => one.revision).sort(), [1, 2]);
});

test("runs a job with parameters to its end", async () => {
  const { jobId } = await submit();
  await sandbox.advance(60);
  const [job] = await describe(jobId, "unknown");
  assert.equal(job.status, "SUCCEEDED");
  assert.deepEqual(job.parameters, { mode: "full", day: "2026-09-14" });
  assert.ok(job.createdAt > 1e12, "milliseconds");
  assert.ok(job.jobDefinition.endsWith("job-definition/js-definition:2"));
});

test("a terminated job is failed, with the reason", async () => {
  const { jobId } = await submit();
  await batch.send(new TerminateJobCommand({ jobId, reason: "Cancelled by Polysync" }));
  await sandbox.advance(60);
  const [job] = await describe(jobId);
  assert.equal(job.status, "FAILED");
  assert.match(job.statusReason, /Cancelled by Polysync/);
});

test("an array job counts its children by status", async () => {
  const { jobId } = await submit({ arrayProperties: { size: 3 } });
  await sandbox.advance(60);
  const [job] = await describe(jobId);
  assert.equal(job.status, "SUCCEEDED");
  assert.equal(job.arrayProperties.statusSummary.SUCCEEDED, 3);
  const { jobSummaryList } = await batch.send(new ListJobsCommand({ arrayJobId: jobId, jobStatus: "SUCCEEDED" }));
  assert.equal(jobSummaryList.length, 3);
});

test("refuses as Batch does", async () => {
  await assert.rejects(submit({ jobQueue: "none" }), { name: "ClientException" });
  await assert.rejects(submit({ jobDefinition: "none" }), { name: "ClientException" });
  await assert.rejects(submit({ jobName: "-bad name" }), { name: "ClientException" });
});
