package main

import (
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// own launches bench's own definitions in a process of their own.
func own(t *testing.T, transport plugins.Transport, kind string) *plugins.Plugin {
	t.Helper()
	bench, err := exec.LookPath("bench") // the test binary, as TestMain set it up
	if err != nil {
		t.Fatal(err)
	}
	host, err := plugins.NewHost(plugins.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	p, err := host.Launch(t.Context(), protocol.BuiltIn, bench, pluginCommand, kind)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every second optimizer opens in another process than the one before, so that states are saved in
// one and restored in the other: the conformance suite must not notice.
func TestStatesMoveBetweenProcesses(t *testing.T) {
	transports := []plugins.Transport{plugins.Doorbell, plugins.Memory, plugins.Messages}
	for k, transport := range transports {
		one, two := own(t, transport, "optimizers"), own(t, transport, "optimizers")
		if got := one.Transport(); got != transport {
			t.Skipf("calls go by %s here, want %s", got, transport)
		}
		for i, def := range one.Optimizers {
			// Those of several kinds of state go by every transport, the others, and with -short
			// these, by one.
			brief := []string{"adam", "adamw", "asgd", "cabs", "line-search-sgd", "sam", "m-svag"}
			place, mine := slices.Index(brief, def.Name), i%len(transports) == k
			if testing.Short() {
				mine = place >= 0 && place%len(transports) == k
			}
			if !mine && (testing.Short() || place < 0) {
				continue
			}
			t.Run(string(transport)+"/"+def.Name, func(t *testing.T) {
				if !def.Saves {
					t.Error("it does not save its state")
				}
				var opened atomic.Int64
				other := two.Optimizers[i].New64
				first := def.New64
				def.New32 = nil
				def.New64 = func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
					if opened.Add(1)%2 == 0 {
						return other(s)
					}
					return first(s)
				}
				if err := protocoltest.Optimizer(def); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Models keep the contract on every transport, the sampled gradient among what they measure.
func TestModelsOnEveryTransport(t *testing.T) {
	for _, transport := range []plugins.Transport{plugins.Doorbell, plugins.Memory, plugins.Messages} {
		p := own(t, transport, "problems")
		checked := 0
		for _, def := range p.Problems {
			if def.Name != "logistic-toy" && def.Name != "linear-toy" && def.Name != "breast-cancer-logreg" {
				continue
			}
			checked++
			t.Run(string(transport)+"/"+def.Name, func(t *testing.T) {
				checks := protocoltest.ProblemChecks(def, nil)
				sampled := false
				for _, c := range checks {
					sampled = sampled || c.Name == "sampled-gradient"
					if c.Err != nil {
						t.Errorf("%s: %v", c.Name, c.Err)
					}
				}
				if !sampled {
					t.Error("the sampled gradient is not among the checks")
				}
			})
		}
		if checked != 3 {
			t.Errorf("%d of 3 models were found", checked)
		}
	}
}

// bench check prints the version of the contract that a plugin speaks.
func TestCheckSaysTheContractVersion(t *testing.T) {
	bench, err := exec.LookPath("bench")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := exec.LookPath("noisebench-demo")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bench, "check", demo).CombinedOutput()
	if err != nil || strings.Count(string(out), "plugin noisebench-demo speaks contract version 2\n") != 2 {
		t.Errorf("bench check gives %v and says\n%s\nwant the contract version, once for each transport", err, out)
	}
}
