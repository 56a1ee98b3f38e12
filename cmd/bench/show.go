package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/internal/text"
	"noisebench/plugins/problems"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
)

func newShow() *cobra.Command {
	var paths []string
	var dir string
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Print everything about an optimizer, a problem, a plan, a data set or a run",
		Long: `Show prints everything about one thing: an optimizer or a problem by its name (or
PATH:NAME, if a plugin serves it), a plan by its name or file, with its comments and a drawing of
its step-size schedules, a data set by its name, with its path, or a run by the first digits of its
ID.`,
		Example: `  bench show m-svag
  bench show noisy-quadratic
  bench show quick > my-plan.yaml
  bench show my-plan.yaml
  bench show mnist
  bench show 3fa97c`,
		Args:              oneArg("name"),
		ValidArgsFunction: completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			return show(cmd, args[0], dir, paths)
		},
	}
	addResults(cmd, &dir)
	cmd.Flags().StringArrayVar(&paths, "plugin", nil,
		"also launch the plugin at this `PATH` (may be repeated)")
	return cmd
}

func show(cmd *cobra.Command, name, dir string, paths []string) error {
	out := cmd.OutOrStdout()
	if plans.Has(name) || planfile.IsFile(name) {
		return showPlan(out, name)
	}
	if run, err := findRun(dir, name); err != nil {
		return err
	} else if run != nil {
		return showRun(out, run)
	}
	sets := problems.DataSets()
	if i := slices.Index(problems.DataNames(), name); i >= 0 {
		return showData(out, &sets[i])
	}
	c, err := listed(paths).open(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	o, optimizerErr := c.Optimizer(name)
	if optimizerErr == nil {
		return showOptimizer(out, &o)
	}
	p, problemErr := c.Problem(name)
	if problemErr == nil {
		return showProblem(out, &p)
	}
	if strings.ContainsRune(name, filepath.Separator) {
		return errors.Join(optimizerErr, problemErr)
	}
	known := append(plans.Names(), problems.DataNames()...)
	for _, plugin := range slices.Concat(c.BuiltIn(), c.Named(), c.Discovered()) {
		for _, d := range plugin.Optimizers {
			known = append(known, d.Name)
		}
		for _, d := range plugin.Problems {
			known = append(known, d.Name)
		}
	}
	return protocol.Unknown("name", name, known)
}

func showData(w io.Writer, d *problems.DataSet) error {
	status := d.Status()
	rows := [][]string{
		{"data set", d.Name},
		{"contents", text.FirstLine(d.Doc)},
		{"source", d.Source},
		{"licence", d.Licence},
		{"problems", strings.Join(d.Problems, ", ")},
		{"status", status.Word()},
	}
	if status.Place != "" && status.Word() != "embedded" {
		rows = append(rows, []string{"folder", status.Place})
	}
	if status.Err != nil {
		rows = append(rows, []string{"problem", status.Err.Error()})
	}
	for _, f := range d.Files {
		rows = append(rows, []string{"file", fmt.Sprintf("%s, sha256 %.12s", f.Name, f.SHA256)})
	}
	return printColumns(w, rows)
}
