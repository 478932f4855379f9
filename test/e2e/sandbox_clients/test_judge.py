"""The judge itself: it must find what is wrong."""
import json
import unittest

from sandbox_clients.shapes import Judge

RUN = {"Id": "jr_1", "JobName": "j", "JobRunState": "RUNNING", "StartedOn": 1795167000.5, "Attempt": 0, "Arguments": {"--a": "b"}}


class JudgeTest(unittest.TestCase):
    def problems(self, service, operation, body):
        return Judge().answer(service, operation, body if isinstance(body, str) else json.dumps(body))

    def test_a_good_answer_has_no_problem(self):
        self.assertEqual(self.problems("glue", "GetJobRun", {"JobRun": RUN}), [])
        self.assertEqual(self.problems("batch", "SubmitJob", {"jobId": "x", "jobName": "y"}), [])
        self.assertEqual(self.problems("sts", "GetCallerIdentity", """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
            <GetCallerIdentityResult><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"""), [])

    def test_every_kind_of_problem_is_found(self):
        for change, words in (
            ({"Stat": 1}, "is no member of JobRun"),
            ({"Id": 5}, "is no string"),
            ({"Id": None}, "is null"),
            ({"StartedOn": "2026-01-01"}, "no time in epoch seconds"),
            ({"StartedOn": 1795167000500}, "no time in epoch seconds"),
            ({"Attempt": "0"}, "is no integer"),
            ({"Attempt": True}, "is no integer"),
            ({"JobRunState": "DONE"}, "is none of"),
            ({"Arguments": ["--a"]}, "is no map"),
            ({"PredecessorRuns": {}}, "is no list"),
            ({"Id": ""}, "is not within"),
        ):
            with self.subTest(change):
                found = self.problems("glue", "GetJobRun", {"JobRun": {**RUN, **change}})
                self.assertEqual(len(found), 1, found)
                self.assertIn(words, found[0])
        self.assertIn("is required", self.problems("batch", "SubmitJob", {"jobId": "x"})[0])
        self.assertIn("no GetCallerIdentityResult", self.problems("sts", "GetCallerIdentity", "<a/>")[0])


if __name__ == "__main__":
    unittest.main()
