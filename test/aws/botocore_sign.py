"""Signs requests with botocore, the oracle of the SigV4 test.

Reads one JSON object per line: {method, url, headers: [[name, value]], body, key_id, secret, token, region, service,
date}. Writes one per line: [canonical request, string to sign, Authorization header].
"""
import json
import sys

import botocore.auth
import botocore.awsrequest
import botocore.credentials


def sign(case):
    request = botocore.awsrequest.AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers.add_header(name, value)
    credentials = botocore.credentials.Credentials(case["key_id"], case["secret"], case["token"] or None)
    auth = botocore.auth.SigV4Auth(credentials, case["service"], case["region"])
    request.context["timestamp"] = case["date"]
    auth._modify_request_before_signing(request)
    canonical = auth.canonical_request(request)
    text = auth.string_to_sign(request, canonical)
    auth._inject_signature_to_request(request, auth.signature(text, request))
    return [canonical, text, request.headers["Authorization"]]


with open(sys.argv[1], encoding="utf-8") as cases:
    for line in cases:
        json.dump(sign(json.loads(line)), sys.stdout)
        print()
