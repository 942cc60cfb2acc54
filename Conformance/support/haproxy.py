# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""HAProxy with the configuration that operators get, at addresses of this machine."""

import re
import shutil
import subprocess
import urllib.request

from support.secured import free_port
from support.server import ROOT
from support.waiting import until

CONFIGURATION = ROOT / "deploy" / "haproxy.cfg"


def program():
    return shutil.which("haproxy", path="/usr/sbin:/usr/bin")


class HAProxy:
    """In front of servers whose addresses do not change."""

    def __init__(self, directory, servers):
        """`servers` are the ports of those that the configuration names, by their names there."""
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        text = re.sub(r"bind :\d+", f"bind 127.0.0.1:{port}", CONFIGURATION.read_text())
        for name, own in servers.items():
            text, found = re.subn(rf"server {name} {name}:\d+", f"server {name} 127.0.0.1:{own}", text)
            assert found == 1, name
        file = directory / "haproxy.cfg"
        file.write_text(text)
        self.log = directory / "haproxy.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program(), "-db", "-f", file], stdout=log, stderr=log)

    def wait(self):
        """Returns once it passes on to a server."""
        until(self._passes_on, what="a balancer that passes on")
        return self

    def returns(self, name):
        """How often the server was gone and has come back, as it has seen."""
        # It also says so in another form, with a date and a level in front.
        return len(re.findall(rf"^Server servers/{name} is UP", self.log.read_text(), re.MULTILINE))

    def _passes_on(self):
        try:
            return urllib.request.urlopen(f"{self.endpoint}/health/ready", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
