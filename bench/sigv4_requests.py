"""The requests that every signer signs, one JSON object per line: the shapes that Polysync sends, with bodies of 2 to
600 bytes, over one day, for four services."""
import json
import random

KINDS = [
    ("glue", "https://glue.{}.amazonaws.com/", "application/x-amz-json-1.1", "AWSGlue.GetJobRun"),
    ("states", "https://states.{}.amazonaws.com/", "application/x-amz-json-1.0", "AWSStepFunctions.DescribeExecution"),
    ("sagemaker", "https://api.sagemaker.{}.amazonaws.com/", "application/x-amz-json-1.1", "SageMaker.DescribePipelineExecution"),
    ("batch", "https://batch.{}.amazonaws.com/v1/describejobs", "application/json", ""),
]


def lines(count=2000, seed=7):
    pick = random.Random(seed)
    for index in range(count):
        service, url, content_type, target = KINDS[index % len(KINDS)]
        region = pick.choice(["eu-west-1", "us-east-1"])
        body = json.dumps({"Name": "".join(pick.choices("abcdefghij-é0123456789", k=pick.randrange(0, 560)))})
        second = pick.randrange(86400)
        yield json.dumps({
            "url": url.format(region), "target": target, "contentType": content_type, "body": body, "service": service,
            "region": region,
            "date": f"20260914T{second // 3600:02}{second // 60 % 60:02}{second % 60:02}Z"})
