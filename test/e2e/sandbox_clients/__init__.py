"""The sandbox, seen by Debian's boto3 and AWS CLI, with botocore's models as judges of its answers."""
