package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
)

func newPublish() *cobra.Command {
	var records finder
	var out string
	var about bundle.About
	cmd := &cobra.Command{
		Use:   "publish PLAN|FILE",
		Short: "Pack a plan's results into one file that others can check",
		Long: `Publish packs the plan, what its optimizers and problems declare, and every run that its decisions rest on, tuning and
failed runs included, into one file. The file has a root hash, which names all of its contents: cite it in a paper. The
same results make the same file.

The road of a result: bench publish packs it; send the file to others, or put it where they find it; bench verify checks
that nothing is missing or changed, and makes some of the runs again; bench board joins the files of a folder into one
ranked page. The format is documented in the source, results/bundle/doc.go.

A plan of which runs are missing is refused, unless --incomplete says that it shall be so; a leaderboard takes complete
bundles only. Records hold the name of the machine that made them: it stands in the last line of each, and may be edited
there before publishing.`,
		Example: `  bench publish quick --title "Quick comparison" --author "A. Researcher" --licence CC-BY-4.0
  bench publish my-plan.yaml -o /scratch/me/runs --out qhm.noisebench.tar.zst --url https://example.org/qhm
  bench verify qhm.noisebench.tar.zst --rerun 5%
  bench board bundles/ --out board.html`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			campaign, store := there.campaign, there.store
			plan := &campaign.Plan
			plan.Plugins = nil // where they are on this machine is of no use elsewhere
			if out == "" {
				out = bundle.FileName(plan.Name)
			}
			if !strings.HasSuffix(out, bundle.Extension) {
				return usagef(cmd, "--out is %q, want a name that ends in %s", out, bundle.Extension)
			}
			asked := map[string]*results.Record{} // what the plan's decisions use
			var mu sync.Mutex                     // cells are derived side by side
			cells, due := campaign.Cells(func(id string) *results.Record {
				record := store.find(id)
				if record != nil {
					mu.Lock()
					asked[id] = record
					mu.Unlock()
				}
				return record
			})
			if len(asked) == 0 {
				return noRecords(cmd, there, args[0])
			}
			if missing := missingRuns(cells, due); len(missing) > 0 {
				if most := 20; len(missing) > most {
					missing = append(missing[:most], fmt.Sprintf("… and %d more optimizer-problem pairs", len(missing)-most))
				}
				if !about.Incomplete {
					return fmt.Errorf("plan %s is not complete, so it is not packed:\n  %s\nmake what is missing by: bench run %s -o %s",
						plan.Name, strings.Join(missing, "\n  "), args[0], records.dir)
				}
			} else {
				about.Incomplete = false
			}
			definitions, err := bundle.Describe(plan, there.definitions, maps.Values(asked))
			if err != nil {
				return err
			}
			about.Taken = addTaken(definitions, asked, there.taken)
			if about.SetAside, err = setAside(store.store, asked); err != nil {
				return err
			}
			var paths []string
			for id, record := range asked {
				path := store.store.Path(id)
				if record.End.Status == results.Failed {
					path = store.store.FailedPath(id)
				}
				paths = append(paths, path)
			}
			slices.Sort(paths)
			if about.Publisher, err = thisBuild(); err != nil {
				return err
			}
			packed, err := bundle.Create(out, about, plan, definitions, paths)
			if err != nil {
				return err
			}
			return printColumns(cmd.OutOrStdout(), [][]string{
				{"file", out},
				{"root", packed.Root},
				{"holds", fmt.Sprintf("%s of plan %s, all that its decisions use", count(len(asked), "run"), plan.Name)},
				{"size", fmt.Sprintf("%s, %.1f times smaller than its contents", megabytes(packed.Packed),
					float64(packed.Size)/float64(packed.Packed))},
				{"check", "bench verify " + out},
			})
		},
	}
	records.add(cmd)
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "`FILE` to write, PLAN"+bundle.Extension+" if it is not given")
	f.StringVar(&about.Title, "title", "", "title of the bundle")
	f.StringArrayVar(&about.Authors, "author", nil, "`NAME` of an author (may be repeated)")
	f.StringVar(&about.Contact, "contact", "", "how to reach the authors")
	f.StringVar(&about.URL, "url", "", "where more is to be found: a paper, code")
	f.StringVar(&about.Licence, "licence", "", "under which others may use the bundle, such as CC-BY-4.0")
	f.BoolVar(&about.Incomplete, "incomplete", false, "pack the plan even if runs are missing")
	return cmd
}

// addTaken lists the bundles that runs were taken from. Definitions of another platform that made some are added.
func addTaken(d *bundle.Definitions, asked map[string]*results.Record, taken []*bundle.Taken) (list []bundle.Source) {
	for _, t := range taken {
		from := bundle.Source{Root: t.Root, Title: t.Title, Plan: t.Plan, Platforms: t.Platforms, Checked: len(t.Checks)}
		for _, id := range t.Runs {
			if asked[id] != nil {
				from.Runs++
			}
		}
		if from.Runs > 0 {
			list = append(list, from)
		}
		for _, r := range asked {
			if !d.Made(r) && t.Definitions.Made(r) {
				d.Others = append(d.Others, t.Definitions)
				break
			}
		}
	}
	return list
}

func megabytes(n int64) string { return fmt.Sprintf("%.3g MB", float64(n)/1e6) }

// missingRuns says, cell by cell, what a plan waits for.
func missingRuns(cells []results.Cell, due [][]harness.Task) []string {
	var lines []string
	for i, tasks := range due {
		if len(tasks) == 0 {
			continue
		}
		purposes := map[harness.Purpose]int{}
		for _, t := range tasks {
			purposes[t.Purpose]++
		}
		var parts []string
		for _, p := range []harness.Purpose{harness.ForSweep, harness.ForTie, harness.ForReplicate, harness.ForOneShot} {
			if n := purposes[p]; n > 0 {
				parts = append(parts, count(n, string(p)+" run"))
			}
		}
		line := fmt.Sprintf("%s on %s: %s missing", cells[i].Optimizer, cells[i].Problem, strings.Join(parts, ", "))
		if cells[i].Setting == nil {
			line += ", and what follows from tuning"
		}
		lines = append(lines, line)
	}
	return lines
}

// setAside counts the runs in a store that the plan does not use, of the optimizers on the problems that it does use, at the
// same budget. The same runs by other builds do not count. Two outcomes of a run that is used are an error.
func setAside(store *results.Store, used map[string]*results.Record) (int, error) {
	runs, cells := map[string]bool{}, map[string]bool{}
	for _, r := range used {
		runs[runKey(r.Run)] = true
		cells[cellKey(r.Run)] = true
	}
	others := map[string]bool{}
	for r, err := range store.Records() {
		var conflict *results.ConflictError
		if errors.As(err, &conflict) && used[conflict.ID] != nil {
			return 0, fmt.Errorf("%w; keep the right one (if both are, they come from different platforms: publish those apart)", err)
		}
		if err != nil || r.End.Status == results.Failed {
			continue
		}
		if key := runKey(r.Run); !runs[key] && cells[cellKey(r.Run)] {
			others[key] = true
		}
	}
	return len(others), nil
}

// runKey identifies a run whatever build made it.
func runKey(r results.Run) string {
	r.Problem.Plugin, r.Optimizer.Plugin = protocol.Origin{}, protocol.Origin{}
	r.Trace, r.Diagnostics = 0, false // which change no result
	return asJSON(r)
}

// cellKey identifies an optimizer on a problem, whatever its setting, under the circumstances that decide about results.
func cellKey(r results.Run) string {
	r.Optimizer.Setting, r.Seed = nil, 0
	r.Schedule, r.Clip = protocol.Schedule{}, 0 // which an entry may have of its own, and so are tuned like a setting
	return runKey(r)
}

// asJSON writes a value that JSON can carry.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("bench: " + err.Error())
	}
	return string(b)
}
