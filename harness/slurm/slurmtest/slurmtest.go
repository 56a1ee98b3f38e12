// Package slurmtest starts a small Slurm cluster for tests: two nodes on this machine.
package slurmtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Cluster is a running cluster. Its commands are called with the environment as Start leaves it.
type Cluster struct {
	t     *testing.T
	dir   string
	nodes map[string]*exec.Cmd
}

// Start starts munged, slurmctld and two slurmd of two processors each, and sets SLURM_CONF. They
// end with the test. Without root or without the programs the test is skipped.
func Start(t *testing.T) *Cluster {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a Slurm cluster for tests is started as root only")
	}
	for _, program := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s: install Slurm, on Debian by apt-get install slurm-wlm munge", program)
		}
	}
	// Not t.TempDir: its name is too long for sockets.
	dir, err := os.MkdirTemp("", "slurm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	key := make([]byte, 128)
	_, _ = rand.Read(key)
	socket := filepath.Join(dir, "munge.socket")
	write(t, filepath.Join(dir, "munge.key"), string(key), 0o400)
	write(t, filepath.Join(dir, "cgroup.conf"), "CgroupPlugin=cgroup/v1\n", 0o644)
	ports := freePorts(t, 3)
	write(t, filepath.Join(dir, "slurm.conf"), fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[3]d
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[2]s/munge.socket
CredType=cred/munge
StateSaveLocation=%[2]s/state
SlurmdSpoolDir=%[2]s/%%n
SlurmctldPidFile=%[2]s/slurmctld.pid
SlurmdPidFile=%[2]s/%%n.pid
SlurmctldLogFile=%[2]s/slurmctld.log
SlurmdLogFile=%[2]s/%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1
ReturnToService=2
JobRequeue=0
SlurmdParameters=config_overrides
MaxArraySize=101
MpiDefault=none
KillWait=5
MinJobAge=300
NodeName=n1 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[4]d CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[5]d CPUs=2 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`, host, dir, ports[0], ports[1], ports[2]), 0o644)
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", filepath.Join(dir, "slurm.conf"))
	c := &Cluster{t: t, dir: dir, nodes: map[string]*exec.Cmd{}}
	c.start(exec.Command("munged", "--foreground", "--force",
		"--key-file="+filepath.Join(dir, "munge.key"),
		"--socket="+socket, "--pid-file="+filepath.Join(dir, "munge.pid"),
		"--log-file="+filepath.Join(dir, "munge.log"), "--seed-file="+filepath.Join(dir, "munge.seed")))
	c.wait("munged", func() bool { _, err := os.Stat(socket); return err == nil })
	c.start(exec.Command("slurmctld", "-D"))
	for _, node := range []string{"n1", "n2"} {
		c.StartNode(node)
	}
	c.wait("two idle nodes", func() bool {
		out, err := exec.Command("sinfo", "--noheader", "--Node", "--format=%T").Output()
		return err == nil && string(out) == "idle\nidle\n"
	})
	return c
}

// StartNode starts n1 or n2, after KillNode.
func (c *Cluster) StartNode(node string) {
	c.nodes[node] = c.start(exec.Command("slurmd", "-D", "-N", node))
}

// KillNode kills a node and all that runs on it, as a power cut would, and has the controller know,
// which would otherwise wait for the node for five minutes (SlurmdTimeout).
func (c *Cluster) KillNode(node string) {
	c.t.Helper()
	_ = c.nodes[node].Process.Kill()
	for pid, environment := range environments() {
		ours := bytes.Contains(environment,
			[]byte("SLURM_CONF="+filepath.Join(c.dir, "slurm.conf")+"\x00"))
		there := bytes.Contains(environment, []byte("SLURMD_NODENAME="+node+"\x00"))
		// The process that runs the job, slurmstepd, has no such variable, but writes to the node's
		// log.
		if ours && (there || writes(pid, filepath.Join(c.dir, node+".log"))) {
			if n, err := strconv.Atoi(pid); err == nil {
				if p, err := os.FindProcess(n); err == nil {
					_ = p.Kill()
				}
			}
		}
	}
	if out, err := exec.Command("scontrol", "update", "NodeName="+node, "State=DOWN",
		"Reason=killed").CombinedOutput(); err != nil {
		c.t.Errorf("scontrol: %v: %s", err, out)
	}
}

// writes reports whether a process has a file open.
func writes(pid, path string) bool {
	files, _ := filepath.Glob("/proc/" + pid + "/fd/*")
	return slices.ContainsFunc(files, func(file string) bool {
		target, err := os.Readlink(file)
		return err == nil && target == path
	})
}

// environments are those of all processes, by number.
func environments() map[string][]byte {
	found := map[string][]byte{}
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil {
			found[filepath.Base(filepath.Dir(path))] = append(data, 0)
		}
	}
	return found
}

func (c *Cluster) start(cmd *exec.Cmd) *exec.Cmd {
	c.t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if c.t.Failed() {
			c.t.Logf("%v printed:\n%s", cmd.Args, &out)
		}
	})
	return cmd
}

// wait waits until a condition holds.
func (c *Cluster) wait(what string, holds func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			c.t.Fatalf("waited a minute for %s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}
