"""botocore's signer. Arguments: file of requests, rounds. Calls the steps of SigV4Auth.add_auth itself, because that
takes the time from the system clock, and the signatures of all peers must be comparable."""
import json
import resource
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def sign(auth, one):
    headers = {"Content-Type": one["contentType"]}
    if one["target"]:
        headers["X-Amz-Target"] = one["target"]
    request = AWSRequest(method="POST", url=one["url"], data=one["body"].encode(), headers=headers)
    request.context["timestamp"] = one["date"]
    auth._modify_request_before_signing(request)
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def main(path, rounds):
    with open(path, encoding="utf-8") as lines:
        requests = [json.loads(line) for line in lines]
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    auths = {key: SigV4Auth(credentials, *key) for key in {(one["service"], one["region"]) for one in requests}}
    cpu = cpu_s()
    for _ in range(rounds):
        signatures = [sign(auths[one["service"], one["region"]], one) for one in requests]
    cpu = cpu_s() - cpu
    print(json.dumps({"signed": rounds * len(requests), "cpu_s": cpu, "signatures": signatures}))


main(sys.argv[1], int(sys.argv[2]))
