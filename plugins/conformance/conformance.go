// Package conformance checks whether a plugin obeys the rules of package protocol when it is called
// as a campaign calls it: over each transport, and with several numbers of threads. The checks of
// single definitions are those of package noisebench/protocol/protocoltest.
package conformance

import (
	"context"
	"fmt"

	"noisebench/plugins"
	"noisebench/plugins/catalogue"
	"noisebench/protocol"
	"noisebench/protocol/fingerprint"
	"noisebench/protocol/protocoltest"
)

// Suite checks one plugin.
type Suite struct {
	Plugin string // a path, a name or an object of a Python module, as for [catalogue.Launch]
	Python string // the interpreter for such an object, as for [catalogue.Launch]
	Name   string // of the only optimizer or problem to check; empty: all that the plugin serves

	// Options are those of the hosts that launch the plugin. Transport and Threads are set here.
	Options plugins.Options

	// Launched is called when the plugin has been launched to be checked over a transport; nil: it
	// is not.
	Launched func(p *plugins.Plugin)
	// Checked is called with the checks of each definition when they are complete.
	Checked func(d Definition, checks []protocoltest.Check)
}

// Definition is what was checked, and how.
type Definition struct {
	Kind, Name string            // Kind is "optimizer" or "problem"
	Transport  plugins.Transport // empty for the check with several numbers of threads
}

// Run launches the plugin over shared memory, if it can map that, and over messages, and checks its
// definitions, then compares what they compute with one, two and three threads, in processes of
// their own. It returns how many checks failed. The error is one of launching the plugin, of a name
// that it does not serve, or of ctx, which ends Run after the definition that is being checked.
func (s *Suite) Run(ctx context.Context) (failed int, err error) {
	checked := func(d Definition, checks []protocoltest.Check) {
		for _, c := range checks {
			if c.Err != nil {
				failed++
			}
		}
		s.Checked(d, checks)
	}
	for _, transport := range []plugins.Transport{plugins.Doorbell, plugins.Messages} {
		if err = s.contract(ctx, transport, checked); err != nil {
			return failed, err
		}
	}
	err = s.threads(ctx, checked)
	return failed, err
}

// launch launches the plugin and calls use with it.
func (s *Suite) launch(
	ctx context.Context, transport plugins.Transport, threads int, use func(*plugins.Plugin) error,
) error {
	options := s.Options
	options.Transport, options.Threads = transport, threads
	host, err := plugins.NewHost(options)
	if err != nil {
		return err
	}
	defer host.Close()
	p, err := catalogue.Launch(ctx, host, s.Plugin, s.Python)
	if err != nil {
		return err
	}
	return use(p)
}

func (s *Suite) chosen(name string) bool { return s.Name == "" || s.Name == name }

// contract runs the conformance suite over one transport.
func (s *Suite) contract(
	ctx context.Context, transport plugins.Transport, checked func(Definition, []protocoltest.Check),
) error {
	return s.launch(ctx, transport, s.Options.Threads, func(p *plugins.Plugin) error {
		if s.Launched != nil {
			s.Launched(p)
		}
		var names []string
		any := false
		check := func(kind, name string, checks func() []protocoltest.Check) {
			names = append(names, name)
			if s.chosen(name) && ctx.Err() == nil {
				any = true
				checked(Definition{kind, name, p.Transport()}, checks())
			}
		}
		for _, d := range p.Optimizers {
			check("optimizer", d.Name, func() []protocoltest.Check {
				return protocoltest.OptimizerChecks(d)
			})
		}
		for _, d := range p.Problems {
			check("problem", d.Name, func() []protocoltest.Check {
				return protocoltest.ProblemChecks(d, protocol.Setting{})
			})
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !any:
			return fmt.Errorf("plugin %s: %w", s.Plugin,
				protocol.Unknown("optimizer or problem", s.Name, names))
		}
		return nil
	})
}

// threads compares the fingerprints of the definitions with one, two and three threads. Definitions
// that have none have failed other checks.
func (s *Suite) threads(
	ctx context.Context, checked func(Definition, []protocoltest.Check),
) error {
	var order []Definition
	single, differs := map[Definition]string{}, map[Definition]int{}
	for n := 1; n <= 3; n++ {
		err := s.launch(ctx, plugins.Doorbell, n, func(p *plugins.Plugin) error {
			s.fingerprints(p, func(d Definition, print string) {
				switch {
				case n == 1:
					single[d] = print
					order = append(order, d)
				case single[d] != print && differs[d] == 0:
					differs[d] = n
				}
			})
			return nil
		})
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, d := range order {
		check := protocoltest.Check{
			Name: "other processes and other numbers of threads give the same bits", Rule: "R2",
		}
		if n := differs[d]; n > 0 {
			check.Err = fmt.Errorf("%s=1 and %[1]s=%d give other bits; divide work in a way that "+
				"does not depend on the number of threads, or use one thread", plugins.ThreadsVariable, n)
		}
		checked(d, []protocoltest.Check{check})
	}
	return nil
}

// fingerprints calls keep with the fingerprint of each definition that has one.
func (s *Suite) fingerprints(p *plugins.Plugin, keep func(d Definition, print string)) {
	for _, d := range p.Optimizers {
		if s.chosen(d.Name) {
			if print, err := fingerprint.Optimizer(&d); err == nil {
				keep(Definition{Kind: "optimizer", Name: d.Name}, print)
			}
		}
	}
	for _, d := range p.Problems {
		if !s.chosen(d.Name) {
			continue
		}
		at, spec, err := d.At(nil)
		if err != nil {
			continue
		}
		if print, err := fingerprint.Problem(&d, at, spec.Measures); err == nil {
			keep(Definition{Kind: "problem", Name: d.Name}, print)
		}
	}
}
