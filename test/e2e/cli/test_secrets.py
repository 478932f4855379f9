"""No secret leaves the program (SAFE-3): one is planted in every place that can hold one, every command runs at its most verbose, failing and
succeeding, and everything that was written is searched for it."""
import base64
import json
import os
import urllib.parse
from pathlib import Path

from cli.fixture import CliTest
from polysync_e2e import ACCESS_KEY_ID, SECRET

ROLE = "arn:aws:iam::123456789012:role/planted"
TENANT, CLIENT = "22222222-3333-4444-5555-666666666666", "11111111-2222-3333-4444-555555555555"
LOUD = ("--log-level", "trace")


class SecretsTest(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planted = {"sandbox secret": SECRET}
        cls.written = []
        admin = cls.sandbox.admin
        admin("roles", name="planted", trusted_issuers=["oidc.sandbox.local", f"login.microsoftonline.com/{TENANT}/v2.0"])
        admin("metadata", container_authorization=cls.plant("container token"))
        token = admin("token", subject="system:serviceaccount:data:polysync")["token"]
        cls.planted["web identity token"] = token
        (cls.folder / "web.jwt").write_text(token)
        cls.write_files()

    @classmethod
    def plant(cls, place):
        """A secret of its own for that place; with characters that escaping changes."""
        cls.planted[place] = f"Zz9+/{place.replace(' ', '=')}/&\"{os.urandom(6).hex()}"
        return cls.planted[place]

    @classmethod
    def write_files(cls):
        folder, endpoint = cls.folder, cls.sandbox.endpoint
        (folder / "secret.txt").write_text(cls.plant("secret file") + "\n")
        (folder / "session.txt").write_text(cls.plant("session token file") + "\n")
        (folder / "value.txt").write_text(cls.plant("parameter file") + "\n")
        good_keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
        process = folder / "process.sh"
        process.write_text("#!/bin/sh\n" + f"echo 'leak {cls.plant('process stderr')}' >&2\n" + "echo '" + json.dumps(
            {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": cls.plant("process secret"), "SessionToken": cls.plant("process session")}).replace("'", "'\\''") + "'\n")
        process.chmod(0o700)
        failing = folder / "failing.sh"
        failing.write_text("#!/bin/sh\n" + f"echo '{{\"SecretAccessKey\": \"x\"}} {cls.plant('failing process output')}'\nexit 3\n")
        failing.chmod(0o700)
        (folder / "credentials").write_text(
            f"[default]\n{good_keys}\n[wrong]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {cls.plant('shared file secret')}\n"
            f"aws_session_token = {cls.plant('shared file session')}\n")
        (folder / "config").write_text(
            f"[profile process]\ncredential_process = {process}\n[profile failing]\ncredential_process = {failing}\n"
            f"[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = planted\n"
            f"[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n")
        cache = folder / ".aws" / "sso" / "cache"
        cache.mkdir(parents=True)
        (cache / "a0f1490a20d0211c997b44bc357e1972deab8ae3.json").write_text(json.dumps(  # sha1 of "s"
            {"accessToken": cls.plant("sso access token"), "refreshToken": cls.plant("sso refresh token"), "clientId": "c",
             "clientSecret": cls.plant("sso client secret"), "expiresAt": "2099-01-01T00:00:00Z", "region": "us-east-1"}))

        def key(**auth):
            return {"method": "access_key", "access_key_id": ACCESS_KEY_ID, **auth}

        auths = {
            "good": key(secret_access_key="env://SANDBOX_SECRET"),
            "wrong-env": key(secret_access_key="env://PLANTED_SECRET", session_token="env://PLANTED_SESSION"),
            "wrong-file": key(secret_access_key=f"file://{folder}/secret.txt", session_token=f"file://{folder}/session.txt"),
            "clear": key(secret_access_key=cls.plant("clear text secret"), session_token=cls.plant("clear text session")),
            "id-env": {"method": "access_key", "access_key_id": "env://PLANTED_SECRET", "secret_access_key": "env://PLANTED_SECRET"},
            "role": {"method": "assume_role", "access_key_id": ACCESS_KEY_ID, "secret_access_key": "env://SANDBOX_SECRET", "role_arn": ROLE},
            "role-wrong": {"method": "assume_role", "access_key_id": ACCESS_KEY_ID, "secret_access_key": cls.plant("bootstrap secret"), "role_arn": ROLE},
            "chained": {**key(secret_access_key="env://SANDBOX_SECRET"), "assume": [{"role_arn": ROLE}, {"role_arn": ROLE + "-missing"}]},
            "web": {"method": "web_identity", "role_arn": ROLE, "token_file": str(folder / "web.jwt")},
            "web-untrusted": {"method": "web_identity", "role_arn": ROLE + "-missing", "token_file": str(folder / "web.jwt")},
            "entra": {"method": "web_identity", "token_source": "entra_client_secret", "role_arn": ROLE, "tenant_id": TENANT, "client_id": CLIENT,
                      "client_secret": "env://ENTRA_SECRET", "authority_host": endpoint},
            "entra-wrong": {"method": "web_identity", "token_source": "entra_client_secret", "role_arn": ROLE, "tenant_id": TENANT, "client_id": CLIENT,
                            "client_secret": cls.plant("entra client secret"), "authority_host": endpoint},
            "entra-assertion": {"method": "web_identity", "token_source": "entra_client_assertion", "role_arn": ROLE, "tenant_id": TENANT,
                                "client_id": CLIENT, "token_file": str(folder / "web.jwt"), "authority_host": endpoint},
            "chain": {"method": "default_chain"},
            "wrong-profile": {"method": "default_chain", "profile": "wrong"},
            "process": {"method": "default_chain", "profile": "process"},
            "failing-process": {"method": "default_chain", "profile": "failing"},
            "sso": {"method": "default_chain", "profile": "sso"},
            "instance": {"method": "instance_profile"},
        }
        cls.auths = auths
        cls.planted["entra sandbox secret"] = "sandbox-client-secret"
        cls.planted["environment secret"], cls.planted["environment session"] = "Ee9/+plantedEnvSecret", "Ee9/+plantedEnvSession"
        (folder / "planted.yaml").write_text(json.dumps({"platforms": [
            {"name": name, "type": "aws_glue", "region": "us-east-1", "endpoint": endpoint, "auth": auth} for name, auth in auths.items()]}))

    def loud(self, *arguments, **environment):
        files = {"AWS_CONFIG_FILE": str(self.folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
                 "PLANTED_SECRET": self.planted["environment secret"], "PLANTED_SESSION": self.planted["environment session"],
                 "ENTRA_SECRET": "sandbox-client-secret", "AWS_ENDPOINT_URL": self.sandbox.endpoint}
        done = self.polysync(*LOUD, *arguments, code=None, **{**files, **environment})
        self.written.append((arguments, done.stdout + done.stderr))
        self.assertIn(done.returncode, (0, 1, 2, 3, 4, 5), done.stderr)
        return done

    def commands(self, name):
        return [("platform", "test", name), ("platform", "policy", name), ("platform", "policy", name, "--trust"), ("pipeline", "discover", name),
                ("pipeline", "run", name, "cli/etl ü", "-p", "limit=1"), ("pipeline", "status", name, "cli-long/jr_x"),
                ("pipeline", "cancel", name, "cli-long/jr_x"), ("pipeline", "logs", name, "cli-long/jr_x")]

    def search(self):
        """Everything that was written, and every file that the program made."""
        texts = list(self.written)
        for path in Path(self.folder, "state").rglob("*"):
            if path.is_file():
                texts.append((str(path), path.read_text(errors="replace")))
        for place, secret in self.planted.items():
            forms = {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()}
            for where, text in texts:
                for form in forms:
                    self.assertNotIn(form, text, f"the {place} was written by {where}")
        self.assertGreater(len(texts), 0)

    def test_every_method_and_command(self):
        succeeded = set()
        for i, name in enumerate(self.auths):
            for j, command in enumerate(self.commands(name)):
                done = self.loud("-f", "planted.yaml", *command, *([] if (i + j) % 2 else ["--json"]))
                if command[1] == "discover" and done.returncode == 0:
                    succeeded.add(name)
        self.loud("-f", "planted.yaml", "platform", "list")
        self.loud("-f", "planted.yaml", "platform", "list", "--json")
        # The test would prove little if everything failed at once.
        self.assertLessEqual({"good", "role", "web", "chain", "entra"}, succeeded)
        self.assertTrue(succeeded.isdisjoint({"wrong-env", "clear", "role-wrong", "entra-wrong", "wrong-profile"}))
        self.search()

    def test_environment_of_the_default_chain(self):
        self.loud("-f", "planted.yaml", "pipeline", "discover", "chain", AWS_ACCESS_KEY_ID=ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY=self.plant("chain secret"),
                  AWS_SESSION_TOKEN=self.plant("chain session"))
        nothing = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_CONFIG_FILE": "/nonexistent"}
        for token in (self.planted["container token"], self.plant("wrong container token")):
            self.loud("-f", "planted.yaml", "platform", "test", "chain", AWS_CONTAINER_CREDENTIALS_FULL_URI=self.sandbox.endpoint + "/v1/credentials",
                      AWS_CONTAINER_AUTHORIZATION_TOKEN=token, **nothing)
        self.loud("-f", "planted.yaml", "platform", "test", "chain", AWS_WEB_IDENTITY_TOKEN_FILE=str(self.folder / "web.jwt"), AWS_ROLE_ARN=ROLE, **nothing)
        self.loud("-f", "planted.yaml", "platform", "test", "instance", AWS_EC2_METADATA_DISABLED="false",
                  AWS_EC2_METADATA_SERVICE_ENDPOINT=self.sandbox.endpoint, **nothing)
        self.search()

    def test_proxies_and_endpoints(self):
        for scheme in ("http", "https"):
            password = self.plant(f"{scheme} proxy password").replace("/", "_").replace("&", "_").replace('"', "_").replace("+", "_")
            self.planted[f"{scheme} proxy password"] = password
            proxy = f"http://joe:{urllib.parse.quote(password, safe='')}@127.0.0.1:1"
            away = (self.folder / "polysync.yaml").read_text().replace(self.sandbox.endpoint, f"{scheme}://glue.example.invalid")
            (self.folder / "away.yaml").write_text(away)
            for name in ("HTTPS_PROXY", "https_proxy", "http_proxy"):
                for command in self.commands("glue"):
                    self.loud("-f", "away.yaml", *command, **{name: proxy})
        user = self.plant("endpoint password").replace("/", "_").replace("&", "_").replace('"', "_").replace("+", "_")
        self.planted["endpoint password"] = user
        (self.folder / "userinfo.yaml").write_text((self.folder / "polysync.yaml").read_text().replace("http://", f"http://joe:{user}@"))
        self.loud("-f", "userinfo.yaml", "platform", "list")
        no_endpoint = "\n".join(line for line in (self.folder / "polysync.yaml").read_text().splitlines() if "endpoint:" not in line)
        (self.folder / "plain.yaml").write_text(no_endpoint)
        for command in self.commands("glue"):
            self.loud("-f", "plain.yaml", *command, AWS_ENDPOINT_URL=self.sandbox.endpoint.replace("http://", f"http://joe:{user}@"))
        self.search()

    def test_values_of_parameters(self):
        value = self.plant("parameter variable")
        for more in (("--dry-run",), ("--dry-run", "--json"), (), ("--json",), ("--wait",), ("--token", "nonsense"), ("--type", "password=integer"),
                     ("--type", "nothing=string")):
            for platform, job in (("glue", "cli/etl ü"), ("batch", "cli-batch"), ("sagemaker", "CliPipeline"), ("states", "not-an-arn")):
                self.loud("pipeline", "run", platform, job, "-p", "password=env://VALUE", "-p", f"key=file://{self.folder}/value.txt", *more, VALUE=value)
        self.sandbox.admin("faults", kind="lost_answer", service="batch", operation="SubmitJob", count=1)
        self.loud("pipeline", "run", "batch", "cli-batch", "-p", "password=env://VALUE", "--patience", "1", VALUE=value)
        self.search()

    def test_broken_definition_files(self):
        secret = self.plant("broken file")
        plain = secret.replace('"', "")
        self.planted["broken file"] = plain
        for text in (f"platforms:\n  - auth: {{method: access_key, secret_access_key: [{json.dumps(plain)}]}}\n",
                     f"platforms:\n  - auth: {{method: access_key, secret_acess_key: {json.dumps(plain)}}}\n",
                     f"platforms:\n  - auth: {{secret_access_key: {json.dumps(plain)}}}\n",
                     f"platforms:\n  - auth: {{method: default_chain, secret_access_key: {json.dumps(plain)}}}\n",
                     f"platforms:\n  - name: x\n    auth:\n      secret_access_key: {plain}\n     bad indent: x\n",
                     f"platforms:\n  - auth:\n      secret_access_key: '{plain}\n", f"secret_access_key: {plain}: x\n", f"{plain}",
                     f"platforms:\n  - auth: {json.dumps(plain)}\n"):
            (self.folder / "broken.yaml").write_text(text)
            for more in ((), ("--json",)):
                done = self.loud("-f", "broken.yaml", "platform", "list", *more)
                self.assertEqual(done.returncode, 2)
        self.search()
