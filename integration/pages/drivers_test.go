package pages

import (
	"strings"
	"testing"
)

const driversPage = "plugins/meta/etcfiles/DRIVERS.md"

// TestNomad runs what a task of Nomad's raw_exec begins with, after the call that Nomad makes for its group: the task has the names, and the
// machine keeps its own file. Nomad has asked the plugin for its version before, by a run without anything.
func TestNomad(t *testing.T) {
	const before = `export NOMAD_ALLOC_ID=0c1e2d3f-4a5b-6c7d-8e9f-0a1b2c3d4e5f
ip netns add alloc
CNI_COMMAND=ADD CNI_CONTAINERID=$NOMAD_ALLOC_ID CNI_NETNS=/run/netns/alloc CNI_IFNAME=eth0 CNI_PATH=$PWD/bin/cni \
CNI_ARGS="IgnoreUnknown=true;NOMAD_REGION=global;NOMAD_NAMESPACE=default;NOMAD_JOB_ID=shop;NOMAD_GROUP_NAME=web;NOMAD_ALLOC_ID=$NOMAD_ALLOC_ID" \
bin/etcfiles >/dev/null <<'END'
{ "cniVersion": "1.0.0", "name": "lab", "type": "etcfiles",
  "prevResult": { "cniVersion": "1.0.0", "interfaces": [{ "name": "eth0", "sandbox": "/run/netns/alloc" }],
    "ips": [{ "interface": 0, "address": "10.231.10.2/24", "gateway": "10.231.10.1" }] } }
END
`
	out := bare(t, block(t, driversPage, "raw_exec")+"\necho; echo the machine\ncat /etc/hosts", "bin/etcfiles </dev/null | sed -n 1p\n"+before)
	if !strings.HasPrefix(out, "CNI etcfiles plugin ") {
		t.Errorf("the answer to a run without anything is\n%s", out)
	}
	task, machine, _ := strings.Cut(out, "the machine\n")
	const want = "10.231.10.2     0c1e2d3f 0c1e2d3f.lab shop-web shop-web.lab\n"
	if !strings.Contains(task, want) || strings.Contains(machine, want) {
		t.Errorf("%s", out)
	}
}

// TestNerdctl runs what the page says of a data root that is shared with nerdctl, on the conflist that nerdctl 2.3 makes at its first run.
func TestNerdctl(t *testing.T) {
	const conflist = `{
  "cniVersion": "1.0.0",
  "name": "bridge",
  "nerdctlID": "17f29b073143d8cd97b5bbe492bdeffec1c5fee55cc1fe2112c8b9335f8b6121",
  "nerdctlLabels": {
    "nerdctl/default-network": "true"
  },
  "plugins": [
    {
      "type": "bridge",
      "bridge": "nerdctl0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "ranges": [
          [
            {
              "gateway": "10.4.0.1",
              "subnet": "10.4.0.0/24"
            }
          ]
        ],
        "routes": [
          {
            "dst": "0.0.0.0/0"
          }
        ],
        "type": "host-local"
      }
    },
    {
      "type": "portmap",
      "capabilities": {
        "portMappings": true
      }
    },
    {
      "type": "firewall",
      "ingressPolicy": "same-bridge"
    },
    {
      "type": "tuning"
    }
  ]
}
`
	before := "PATH=$PWD/bin:$PATH\nmkdir -p /etc/cni/net.d\ncat >/etc/cni/net.d/nerdctl-bridge.conflist <<'END'\n" + conflist + "END\n" +
		"mount -t tmpfs tmpfs /opt\nmkdir -p /opt/cni/bin /opt/web\ncp bin/cni/* /opt/cni/bin\ncp bin/cni/firewall /opt/cni/bin/tuning\n" +
		"cd /opt/web\nrunc spec\n"
	out := bare(t, block(t, driversPage, "a shared data root")+"\ncat config.json", before)
	for _, want := range []string{
		"nerdctl-bridge.conflist: nothing is wrong\n", `"/etc/cni/nerdctl.d"`, `"/var/lib/nerdctl/1935db59"`, `"etcfiles/networks": "bridge"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
