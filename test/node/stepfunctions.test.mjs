// The simulated Step Functions, seen by AWS's own JavaScript client (SFN-1, SFN-3, SFN-5, SFN-7, SFN-9).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  DescribeExecutionCommand, DescribeStateMachineCommand, ListStateMachineAliasesCommand, ListStateMachineVersionsCommand,
  SFNClient, StartExecutionCommand, StartSyncExecutionCommand, StopExecutionCommand,
  paginateGetExecutionHistory, paginateListExecutions, paginateListStateMachines,
} from "@aws-sdk/client-sfn";

import { all, startSandbox } from "./sandbox.mjs";

const orders = "arn:aws:states:us-east-1:123456789012:stateMachine:js-orders";
const express = "arn:aws:states:us-east-1:123456789012:stateMachine:js-express";
let sandbox;
let sfn;

before(async () => {
  sandbox = await startSandbox();
  sfn = new SFNClient(sandbox.settings);
  await sandbox.admin("time", { time_scale: 0 });
  await sandbox.admin("stepfunctions/state_machine", { name: "js-orders", versions: 2, aliases: { PROD: 2 } });
  await sandbox.admin("stepfunctions/state_machine", { name: "js-express", type: "EXPRESS" });
  await sandbox.admin("stepfunctions/state_machine", { name_prefix: "bulk-", count: 120 });
});
after(() => sandbox.stop());

test("lists and describes state machines, versions and aliases", async () => {
  const found = (await all(paginateListStateMachines({ client: sfn, pageSize: 50 }, {}))).flatMap((page) => page.stateMachines);
  assert.equal(found.filter((one) => one.name.startsWith("bulk-")).length, 120);
  const described = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn: express }));
  assert.equal(described.type, "EXPRESS");
  assert.ok(described.creationDate instanceof Date);
  assert.equal((await sfn.send(new ListStateMachineVersionsCommand({ stateMachineArn: orders }))).stateMachineVersions.length, 2);
  assert.equal((await sfn.send(new ListStateMachineAliasesCommand({ stateMachineArn: orders }))).stateMachineAliases.length, 1);
});

test("names an execution once and follows it to its end", async () => {
  const start = (input) => sfn.send(new StartExecutionCommand({ stateMachineArn: `${orders}:PROD`, name: "js-1", input }));
  const first = await start('{"a":1}');
  assert.equal((await start('{"a":1}')).executionArn, first.executionArn);
  await assert.rejects(start('{"a":2}'), { name: "ExecutionAlreadyExists", message: `Execution Already Exists: '${first.executionArn}'` });
  await sandbox.advance(120);
  const described = await sfn.send(new DescribeExecutionCommand({ executionArn: first.executionArn }));
  assert.equal(described.status, "SUCCEEDED");
  assert.ok(described.stopDate > described.startDate);
  const events = (await all(paginateGetExecutionHistory({ client: sfn, pageSize: 2 }, { executionArn: first.executionArn }))).flatMap((page) => page.events);
  assert.equal(events.at(-1).type, "ExecutionSucceeded");
  const listed = (await all(paginateListExecutions({ client: sfn, pageSize: 1 }, { stateMachineArn: orders }))).flatMap((page) => page.executions);
  assert.ok(listed.some((one) => one.executionArn === first.executionArn));
});

test("stops an execution, and one fails", async () => {
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: orders, name: "js-stop" }));
  await sfn.send(new StopExecutionCommand({ executionArn, error: "PolysyncCancellation", cause: "Cancelled by Polysync" }));
  const stopped = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  assert.deepEqual([stopped.status, stopped.error, stopped.cause], ["ABORTED", "PolysyncCancellation", "Cancelled by Polysync"]);
  await sandbox.admin("stepfunctions/outcome", { state_machine: "js-orders", runs: 1, status: "FAILED", error: "Boom", cause: "broke" });
  const failed = await sfn.send(new StartExecutionCommand({ stateMachineArn: orders, name: "js-fail" }));
  await sandbox.advance(120);
  const described = await sfn.send(new DescribeExecutionCommand({ executionArn: failed.executionArn }));
  assert.deepEqual([described.status, described.error, described.cause], ["FAILED", "Boom", "broke"]);
});

test("Express executions answer at once or leave no trace", async () => {
  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: express, name: "js-x" }));
  await assert.rejects(sfn.send(new DescribeExecutionCommand({ executionArn })),
    { name: "InvalidArn", message: "Invalid Arn: 'Resource type not valid in this context: express'" });
  // The SDK puts "sync-" before the host, which has no address here.
  const direct = new SFNClient({ ...sandbox.settings, disableHostPrefix: true });
  const done = await direct.send(new StartSyncExecutionCommand({ stateMachineArn: express, input: '{"x":1}' }));
  assert.equal(done.status, "SUCCEEDED");
  await assert.rejects(direct.send(new StartSyncExecutionCommand({ stateMachineArn: orders })), { name: "StateMachineTypeNotSupported" });
});
