// What holds for every service alike, seen by AWS's own JavaScript clients: keys, clocks, sessions, throttling, faults (PLAT-2, PLAT-3).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { BatchClient, DescribeJobQueuesCommand } from "@aws-sdk/client-batch";
import { CloudWatchLogsClient, FilterLogEventsCommand, GetLogEventsCommand, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { GlueClient, ListJobsCommand } from "@aws-sdk/client-glue";
import { ListPipelinesCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

import { all, credentials, startSandbox } from "./sandbox.mjs";

const role = "arn:aws:iam::123456789012:role/polysync-role";
// A read of each service; what it calls a wrong secret, an unknown key, a throttled call.
const services = {
  glue: [GlueClient, new ListJobsCommand({}), "InvalidSignatureException", "UnrecognizedClientException", "ThrottlingException"],
  batch: [BatchClient, new DescribeJobQueuesCommand({}), "InvalidSignatureException", "UnrecognizedClientException", "TooManyRequestsException"],
  sagemaker: [SageMakerClient, new ListPipelinesCommand({}), "InvalidSignatureException", "UnrecognizedClientException", "ThrottlingException"],
  stepfunctions: [SFNClient, new ListStateMachinesCommand({}), "InvalidSignatureException", "UnrecognizedClientException", "ThrottlingException"],
  sts: [STSClient, new GetCallerIdentityCommand({}), "SignatureDoesNotMatch", "InvalidClientTokenId", "Throttling"],
};
let sandbox;

before(async () => {
  sandbox = await startSandbox();
  await sandbox.admin("logs/events", { logGroupName: "/js", logStreamName: "one", messages: Array.from({ length: 25 }, (_, n) => `line ${n}`) });
});
after(() => sandbox.stop());

for (const [name, [Client, command, badSignature, unknownKey, throttled]] of Object.entries(services)) {
  test(`${name}: wrong secret, unknown key, session token`, async () => {
    const send = (keys) => new Client({ ...sandbox.settings, credentials: keys }).send(command);
    await assert.rejects(send({ ...credentials, secretAccessKey: "wrong" }), { name: badSignature });
    await assert.rejects(send({ ...credentials, accessKeyId: "AKIAUNKNOWN000000000" }), { name: unknownKey });
    const session = (await new STSClient(sandbox.settings).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "js" }))).Credentials;
    const keys = { accessKeyId: session.AccessKeyId, secretAccessKey: session.SecretAccessKey, sessionToken: session.SessionToken };
    assert.equal((await send(keys)).$metadata.httpStatusCode, 200);
    await assert.rejects(send({ ...keys, sessionToken: undefined }), { name: unknownKey });
    await assert.rejects(send({ ...keys, sessionToken: "other" }), { name: unknownKey });
  });

  test(`${name}: a clock that is off is corrected from the Date header`, async () => {
    await sandbox.admin("settings", { clock_skew_ms: 3_600_000 });
    try {
      await assert.rejects(new Client(sandbox.settings).send(command), { name: badSignature, message: /^Signature expired: / });
      const corrected = await new Client({ ...sandbox.settings, maxAttempts: 3 }).send(command);
      assert.equal(corrected.$metadata.attempts, 2);
    } finally {
      await sandbox.admin("settings", { clock_skew_ms: 0 });
    }
  });

  test(`${name}: throttling and passing failures are retried`, async () => {
    await sandbox.admin("faults", { kind: "throttle", service: name });
    await assert.rejects(new Client(sandbox.settings).send(command), { name: throttled });
    for (const kind of ["throttle", "error_before", "html_503", "lost_answer"]) {
      await sandbox.admin("faults", { kind, service: name });
      const answer = await new Client({ ...sandbox.settings, maxAttempts: 2 }).send(command);
      assert.equal(answer.$metadata.attempts, 2, kind);
    }
  });
}

test("a web identity token becomes a session, without a signature", async () => {
  const { token } = await sandbox.admin("token", {});
  const sts = new STSClient({ ...sandbox.settings, credentials: undefined });
  const made = await sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: "js", WebIdentityToken: token }));
  assert.equal(made.SubjectFromWebIdentityToken, "polysync");
  assert.ok(made.Credentials.Expiration > new Date());
  await assert.rejects(sts.send(new AssumeRoleWithWebIdentityCommand({ RoleArn: role, RoleSessionName: "js", WebIdentityToken: "a.b.c" })),
    { name: "InvalidIdentityTokenException" });
});

test("log events, page by page", async () => {
  const logs = new CloudWatchLogsClient(sandbox.settings);
  const found = (await all(paginateFilterLogEvents({ client: logs, pageSize: 10 }, { logGroupName: "/js" }))).flatMap((page) => page.events);
  assert.equal(found.length, 25);
  const page = await logs.send(new GetLogEventsCommand({ logGroupName: "/js", logStreamName: "one", startFromHead: true, limit: 5 }));
  assert.deepEqual(page.events.map((event) => event.message), [0, 1, 2, 3, 4].map((n) => `line ${n}`));
  await assert.rejects(logs.send(new FilterLogEventsCommand({ logGroupName: "/none" })), { name: "ResourceNotFoundException" });
});
