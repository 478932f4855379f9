"""What holds for every service alike: signatures, clocks, keys, permissions, throttling, faults; by Debian's boto3."""
import datetime
import unittest
from unittest import mock

import botocore.auth
import botocore.exceptions

from polysync_e2e import Sandbox
from sandbox_clients.clients import Recorder

# One read per service that needs no resource, the code and status of a missing permission, a throttled call, a wrong secret, an unknown key.
READS = {
    "glue": ("ListJobs", {}),
    "batch": ("DescribeJobQueues", {}),
    "sagemaker": ("ListPipelines", {}),
    "stepfunctions": ("ListStateMachines", {}),
    "logs": ("FilterLogEvents", {"logGroupName": "/none"}),
    "sts": ("GetCallerIdentity", {}),
}
JSON_CODES = {"denied": ("AccessDeniedException", 400), "throttled": ("ThrottlingException", 400),
              "secret": ("InvalidSignatureException", 400), "key": ("UnrecognizedClientException", 400),
              "expired": ("ExpiredTokenException", 400)}
CODES = {
    **{service: JSON_CODES for service in ("glue", "sagemaker", "stepfunctions", "logs")},
    "batch": {"denied": ("AccessDeniedException", 403), "throttled": ("TooManyRequestsException", 429),
              "secret": ("InvalidSignatureException", 403), "key": ("UnrecognizedClientException", 403),
              "expired": ("ExpiredTokenException", 403)},
    "sts": {"denied": ("AccessDenied", 403), "throttled": ("Throttling", 400), "secret": ("SignatureDoesNotMatch", 403),
            "key": ("InvalidClientTokenId", 403), "expired": ("ExpiredToken", 403)},
}
IAM_PREFIX = {"stepfunctions": "states"}


class CommonTest(unittest.TestCase):
    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.aws = Recorder(self.sandbox.endpoint)

    def refused(self, aws, service, what):
        operation, members = READS[service]
        code, status, message = aws.refusal(service, operation, **members)
        self.assertEqual((code, status), CODES[service][what], message)
        return message

    def test_wrong_secret(self):
        aws = Recorder(self.sandbox.endpoint, secret="wrong")
        for service in READS:
            with self.subTest(service):
                self.assertIn("does not match the signature you provided", self.refused(aws, service, "secret"))

    def test_unknown_key(self):
        aws = Recorder(self.sandbox.endpoint, key="AKIAUNKNOWN000000000")
        for service in READS:
            with self.subTest(service):
                self.assertEqual(self.refused(aws, service, "key"), "The security token included in the request is invalid.")

    def test_expired_session(self):
        self.sandbox.admin("credentials", access_key_id="ASIAEXPIRED000000000", secret_access_key="s", session_token="t", expires_in_seconds=-1)
        aws = Recorder(self.sandbox.endpoint, key="ASIAEXPIRED000000000", secret="s", token="t")
        for service in READS:
            with self.subTest(service):
                self.refused(aws, service, "expired")

    def test_denied(self):
        self.sandbox.admin("denials", action="*")
        for service, (operation, _) in READS.items():
            if service == "sts":
                continue  # GetCallerIdentity needs no permission
            with self.subTest(service):
                message = self.refused(self.aws, service, "denied")
                self.assertIn(f"not authorized to perform: {IAM_PREFIX.get(service, service)}:{operation} on resource: ", message)

    def test_throttled(self):
        self.sandbox.admin("quotas", enabled=True, rules={f"{service}.*": {"bucket": 0, "refill_per_second": 0} for service in READS})
        for service in READS:
            with self.subTest(service):
                self.refused(self.aws, service, "throttled")

    def test_clock_too_far_off(self):
        real = datetime.datetime.utcnow()

        class Late(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return real - datetime.timedelta(minutes=20)

        with mock.patch.object(botocore.auth.datetime, "datetime", Late):
            for service in READS:
                with self.subTest(service):
                    self.assertIn("Signature expired: ", self.refused(self.aws, service, "secret"))

    def test_regions_and_accounts(self):
        self.sandbox.admin("credentials", access_key_id="AKIAOTHER00000000000", secret_access_key="s", account="999999999999", user="jane")
        for region, partition in (("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")):
            with self.subTest(region):
                aws = Recorder(self.sandbox.endpoint, region=region, key="AKIAOTHER00000000000", secret="s")
                self.assertEqual(aws.call("sts", "GetCallerIdentity")["Arn"], f"arn:{partition}:iam::999999999999:user/jane")

    def test_standard_retries_get_through_passing_faults(self):
        aws = Recorder(self.sandbox.endpoint, attempts=3)
        with mock.patch("time.sleep"):
            for service, (operation, members) in READS.items():
                if service == "logs":
                    continue  # its read is refused without a log group
                for kind in ("throttle", "error_before", "reset_before", "lost_answer", "html_503"):
                    with self.subTest(service=service, kind=kind):
                        self.sandbox.admin("faults", kind=kind, service=service, count=1)
                        self.assertEqual(aws.call(service, operation, **members)["ResponseMetadata"]["RetryAttempts"], 1)

    def test_unknown_members_and_operations_are_counted(self):
        client = self.aws.clients["glue"]
        client.meta.events.register("before-call.glue.ListJobs", lambda params, **_: params.update(body=b'{"Nextoken": "x"}'))
        client.list_jobs()
        self.assertEqual(self.sandbox.read("books")["unknown_members"], {"glue.ListJobs.Nextoken": 1})


class StsTest(unittest.TestCase):
    ROLE = "arn:aws:iam::123456789012:role/polysync-role"

    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)
        self.aws = Recorder(self.sandbox.endpoint)

    def session(self, answer):
        keys = answer["Credentials"]
        return Recorder(self.sandbox.endpoint, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])

    def test_identity_and_roles(self):
        self.assertEqual(self.aws.call("sts", "GetCallerIdentity")["Account"], "123456789012")
        made = self.aws.call("sts", "AssumeRole", RoleArn=self.ROLE, RoleSessionName="boto", DurationSeconds=900, SourceIdentity="me",
                             Tags=[{"Key": "team", "Value": "data"}], PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])
        self.assertEqual(self.session(made).call("sts", "GetCallerIdentity")["Arn"],
                         "arn:aws:sts::123456789012:assumed-role/polysync-role/boto")
        self.assertIsInstance(made["Credentials"]["Expiration"], datetime.datetime)
        for members, code in (({"RoleArn": self.ROLE, "RoleSessionName": "x y"}, "ValidationError"),
                              ({"RoleArn": self.ROLE, "RoleSessionName": "xy", "DurationSeconds": 60}, "ValidationError"),
                              ({"RoleArn": self.ROLE + "x", "RoleSessionName": "xy"}, "AccessDenied"),
                              ({"RoleArn": "arn:aws:iam::123456789012:role/polysync-external-id", "RoleSessionName": "xy"}, "AccessDenied")):
            with self.subTest(members):
                # boto3 checks lengths itself; the rest reaches the sandbox
                with mock.patch("botocore.validate.ParamValidator.validate") as passing:
                    passing.return_value.has_errors.return_value = False
                    self.assertEqual(self.aws.refusal("sts", "AssumeRole", **members)[0], code)

    def test_web_identity(self):
        token = self.sandbox.admin("token", subject="system:serviceaccount:data:polysync")["token"]
        made = self.aws.call("sts", "AssumeRoleWithWebIdentity", RoleArn=self.ROLE, RoleSessionName="boto", WebIdentityToken=token)
        self.assertEqual(made["SubjectFromWebIdentityToken"], "system:serviceaccount:data:polysync")
        self.session(made).call("glue", "ListJobs")
        for document, code in (({"audience": "other"}, "InvalidIdentityToken"), ({"issuer": "https://x"}, "InvalidIdentityToken"),
                               ({"lifetime_seconds": -5}, "ExpiredTokenException")):
            with self.subTest(document):
                token = self.sandbox.admin("token", **document)["token"]
                self.assertEqual(self.aws.refusal("sts", "AssumeRoleWithWebIdentity", RoleArn=self.ROLE, RoleSessionName="boto",
                                                  WebIdentityToken=token)[:2], (code, 400))
        self.sandbox.admin("faults", kind="error_before", service="sts", operation="AssumeRoleWithWebIdentity", code="IDPCommunicationError")
        self.assertEqual(self.aws.refusal("sts", "AssumeRoleWithWebIdentity", RoleArn=self.ROLE, RoleSessionName="boto",
                                          WebIdentityToken="a.b.c")[:2], ("IDPCommunicationError", 400))


if __name__ == "__main__":
    unittest.main()
