"""A TLS 1.3 nginx on loopback that answers every call with a canned body, pinned to one core."""
import os
import socket
import subprocess
import time

CONFIGURATION = """
daemon off;
{user}
pid {work}/nginx.pid;
error_log {work}/nginx.error.log warn;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi; uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {work}/certificate.pem;
        ssl_certificate_key {work}/key.pem;
        ssl_protocols TLSv1.3;
        root {work}/answers;
        add_header x-amzn-RequestId 9d0b1a52-5b0e-4c68-9b4e-0a1b2c3d4e5f always;
        error_page 405 =200 $uri;  # a POST is answered with the file, too
        location = / {{ rewrite ^ /get_job_run last; }}
        location = /get_job_run {{ default_type application/x-amz-json-1.1; }}
        location = /v1/describejobs {{ default_type application/json; }}
    }}
}}
"""
START_TIMEOUT_S = 10


def server_core():
    return min(os.sched_getaffinity(0))


def make_certificate(certificate, key):
    """One of localhost's own, for two days."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)


class CannedServer:
    """Use as a context. `endpoint` is what clients get, `certificate` what they have to trust."""

    def __init__(self, work, get_job_run, describe_jobs):
        self.work, self.process = work, None
        self.certificate = work / "certificate.pem"
        folder = work / "answers"
        (folder / "v1").mkdir(parents=True, exist_ok=True)
        (folder / "get_job_run").write_text(get_job_run, encoding="utf-8")
        (folder / "v1" / "describejobs").write_text(describe_jobs, encoding="utf-8")
        make_certificate(self.certificate, work / "key.pem")

    def url(self, operation):
        return self.endpoint + ("/" if operation == "get_job_run" else "/v1/describejobs")

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"https://localhost:{port}"
        configuration = self.work / "nginx.conf"
        # As root, nginx would read the answers as nobody, who may not see this folder.
        user = "user root;" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(work=self.work, port=port, user=user))
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        self.process = subprocess.Popen(["taskset", "-c", str(server_core()), "nginx", "-c", str(configuration), "-p", str(self.work)],
                                        env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = self.work / "nginx.error.log"
                    raise SystemExit(f"nginx did not start: {log.read_text() if log.exists() else ''}")
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
