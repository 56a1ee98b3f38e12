package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"noisebench/plugins"
	"noisebench/plugins/catalogue"
	"noisebench/protocol/fingerprint"
	"noisebench/protocol/protocoltest"
)

// checkThreads compares what each definition computes with different numbers of threads, prints what comes out, and returns
// how many differ. What cannot be measured has failed other checks already.
func checkThreads(cmd *cobra.Command, flags *pluginFlags, plugin, only string) (failed int, err error) {
	measured := map[string]string{} // with one thread, by definition
	first := true
	differ := map[string]int{} // number of threads
	var order []string
	for threads := 1; threads <= 3; threads++ {
		flags.threads, flags.transport = threads, "auto"
		prints, names, err := measureAll(cmd, flags, plugin, only)
		if err != nil {
			return 0, err
		}
		for _, name := range names {
			switch {
			case first:
				measured[name] = prints[name]
				order = append(order, name)
			case prints[name] != measured[name] && differ[name] == 0:
				differ[name] = threads
			}
		}
		first = false
	}
	if cmd.Context().Err() != nil {
		return 0, interruption("interrupted: the checks are not complete")
	}
	out := cmd.OutOrStdout()
	for _, name := range order {
		check := protocoltest.Check{Name: "other processes and other numbers of threads give the same bits", Rule: "R2"}
		if n := differ[name]; n > 0 {
			check.Err = fmt.Errorf("%s=1 and %s=%d give other bits; divide work in a way that does not depend on the number of threads, "+
				"or use one thread", threadsVariable, threadsVariable, n)
			failed++
		}
		fmt.Fprintln(out, name)
		printCheck(out, check)
	}
	return failed, nil
}

// measureAll returns the fingerprints of what a plugin serves, by kind and name, and these in order.
func measureAll(cmd *cobra.Command, flags *pluginFlags, plugin, only string) (prints map[string]string, names []string, err error) {
	options, err := flags.options(cmd)
	if err != nil {
		return nil, nil, err
	}
	host, err := plugins.NewHost(options)
	if err != nil {
		return nil, nil, err
	}
	defer host.Close()
	p, err := catalogue.Launch(cmd.Context(), host, plugin, flags.python)
	if err != nil {
		return nil, nil, err
	}
	prints = map[string]string{}
	keep := func(name, print string, err error) {
		if err == nil {
			prints[name] = print
			names = append(names, name)
		}
	}
	for _, d := range p.Optimizers {
		if only == "" || d.Name == only {
			print, err := fingerprint.Optimizer(&d)
			keep("optimizer "+d.Name, print, err)
		}
	}
	for _, d := range p.Problems {
		if only == "" || d.Name == only {
			at, spec, err := d.At(nil)
			if err != nil {
				continue
			}
			print, err := fingerprint.Problem(&d, at, spec.Measures)
			keep("problem "+d.Name, print, err)
		}
	}
	return prints, names, nil
}
