"""boto3 clients of a sandbox whose raw answers are kept for the judge."""
import boto3
import botocore
import botocore.config

from polysync_e2e import ACCESS_KEY_ID, SECRET
from sandbox_clients.shapes import Judge, SERVICES, operations



class Recorder:
    """Clients of every service. After each call `last` is the answer as it came over the wire."""

    def __init__(self, endpoint, region="us-east-1", key=ACCESS_KEY_ID, secret=SECRET, token=None, attempts=1):
        self.judge, self.called, self.last = Judge(), set(), None
        session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
                                        region_name=region)
        config = botocore.config.Config(retries={"total_max_attempts": attempts, "mode": "standard"}, inject_host_prefix=False,
                                        connect_timeout=5, read_timeout=60)
        self.clients = {}
        for service in SERVICES:
            client = session.client(service, endpoint_url=endpoint, config=config)
            self._record(client._endpoint.http_session)
            self.clients[service] = client

    def _record(self, http_session):
        send = http_session.send

        def recording(request):
            answer = send(request)
            self.last = answer
            return answer

        http_session.send = recording

    def call(self, service, operation, **members):
        """Calls, judges the raw answer, and gives what boto3 made of it. A judgement against it is an AssertionError."""
        client = self.clients[service]
        parsed = getattr(client, botocore.xform_name(operation))(**members)
        self.called.add((service, operation))
        before = len(self.judge.problems)
        self.judge.answer(service, operation, self.last.content.decode())
        if len(self.judge.problems) > before:
            raise AssertionError(f"{service} {operation}:\n  " + "\n  ".join(self.judge.problems[before:][:20]))
        return parsed

    def pages(self, service, operation, **members):
        """Every page of a list, each judged, by the paginator that botocore has for it."""
        client = self.clients[service]
        name = botocore.xform_name(operation)
        if not client.can_paginate(name):
            raise AssertionError(f"Debian's botocore has no paginator for {operation}")
        pages, before = [], len(self.judge.problems)
        for page in client.get_paginator(name).paginate(**members):
            self.called.add((service, operation))
            self.judge.answer(service, operation, self.last.content.decode())
            pages.append(page)
        if len(self.judge.problems) > before:
            raise AssertionError(f"{service} {operation}:\n  " + "\n  ".join(self.judge.problems[before:][:20]))
        return pages

    def refusal(self, service, operation, **members):
        """(code, HTTP status, message) of a call that must be refused."""
        try:
            self.call(service, operation, **members)
        except botocore.exceptions.ClientError as error:
            self.called.add((service, operation))
            details = error.response
            return details["Error"]["Code"], details["ResponseMetadata"]["HTTPStatusCode"], details["Error"].get("Message", "")
        raise AssertionError(f"{service} {operation} was not refused")

    def known_operations(self):
        """Those of the sandbox's models that Debian's botocore has too."""
        known = set()
        for service in SERVICES:
            own = set(self.clients[service].meta.service_model.operation_names)
            known |= {(service, operation) for operation in operations(service) if operation in own}
        return known
