// The simulated SageMaker pipelines, seen by AWS's own JavaScript client (SM-1, SM-2, SM-4, SM-5).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  DescribePipelineCommand, DescribePipelineExecutionCommand, SageMakerClient, StartPipelineExecutionCommand,
  StopPipelineExecutionCommand, paginateListPipelineExecutionSteps, paginateListPipelineExecutions, paginateListPipelines,
} from "@aws-sdk/client-sagemaker";

import { all, startSandbox } from "./sandbox.mjs";

const steps = [{ Name: "Prepare", Type: "Processing" }, { Name: "Train", Type: "Training", DependsOn: ["Prepare"] }];
let sandbox;
let sagemaker;

before(async () => {
  sandbox = await startSandbox();
  sagemaker = new SageMakerClient(sandbox.settings);
  await sandbox.admin("time", { time_scale: 0 });
  await sandbox.admin("sagemaker/pipeline", { PipelineName: "JsChurn", PipelineDefinition: { Version: "2020-12-01", Steps: steps } });
  await sandbox.admin("sagemaker/pipeline", { name_prefix: "bulk-", count: 120 });
});
after(() => sandbox.stop());

test("lists and describes pipelines", async () => {
  const found = (await all(paginateListPipelines({ client: sagemaker, pageSize: 50 }, {}))).flatMap((page) => page.PipelineSummaries);
  assert.equal(found.filter((one) => one.PipelineName.startsWith("bulk-")).length, 120);
  const pipeline = await sagemaker.send(new DescribePipelineCommand({ PipelineName: "JsChurn" }));
  assert.deepEqual(JSON.parse(pipeline.PipelineDefinition).Steps.map((step) => step.Name), ["Prepare", "Train"]);
  assert.ok(pipeline.CreationTime instanceof Date);
});

test("starts once per token, follows to the end, stops another", async () => {
  const start = (token) => sagemaker.send(new StartPipelineExecutionCommand({ PipelineName: "JsChurn", ClientRequestToken: token }));
  const token = "polysync-00000000-0000-0000-0000-00000000000a";
  const { PipelineExecutionArn } = await start(token);
  assert.equal((await start(token)).PipelineExecutionArn, PipelineExecutionArn);
  const other = (await start(token.replace(/a$/, "b"))).PipelineExecutionArn;
  await sagemaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn: other }));
  await sandbox.advance(120);
  const status = async (arn) => (await sagemaker.send(new DescribePipelineExecutionCommand({ PipelineExecutionArn: arn }))).PipelineExecutionStatus;
  assert.equal(await status(PipelineExecutionArn), "Succeeded");
  assert.equal(await status(other), "Stopped");
  const seen = (await all(paginateListPipelineExecutionSteps({ client: sagemaker, pageSize: 1 }, { PipelineExecutionArn })))
    .flatMap((page) => page.PipelineExecutionSteps);
  assert.deepEqual(seen.map((step) => step.StepStatus), ["Succeeded", "Succeeded"]);
  const listed = (await all(paginateListPipelineExecutions({ client: sagemaker, pageSize: 1 }, { PipelineName: "JsChurn" })))
    .flatMap((page) => page.PipelineExecutionSummaries);
  assert.deepEqual(new Set(listed.map((one) => one.PipelineExecutionArn)), new Set([PipelineExecutionArn, other]));
});

test("refuses as SageMaker does", async () => {
  await assert.rejects(sagemaker.send(new DescribePipelineCommand({ PipelineName: "none" })), { name: "ResourceNotFound" });
  await assert.rejects(sagemaker.send(new StartPipelineExecutionCommand({ PipelineName: "JsChurn", ClientRequestToken: "short" })),
    { name: "ValidationException", message: /'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 32/ });
});
