package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/report"
)

// tables can be written in all formats: a report, or its pairwise comparisons.
type tables interface {
	WriteText(io.Writer) error
	WriteMarkdown(io.Writer) error
	WriteCSV(io.Writer) error
	WriteLaTeX(io.Writer) error
	WriteJSON(io.Writer) error
}

// formats are the ways to write tables, by their names.
var formats = map[string]func(tables, io.Writer) error{
	"terminal": tables.WriteText,
	"markdown": tables.WriteMarkdown,
	"csv":      tables.WriteCSV,
	"latex":    tables.WriteLaTeX,
	"json":     tables.WriteJSON,
}

func addFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "terminal", "of the tables: terminal, markdown, csv, latex or json")
	complete := cobra.FixedCompletions(slices.Sorted(maps.Keys(formats)), cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("format", complete); err != nil {
		panic("bench: " + err.Error())
	}
}

func checkFormat(cmd *cobra.Command, format string) error {
	if formats[format] == nil {
		return usagef(cmd, "--format is %q, want terminal, markdown, csv, latex or json", format)
	}
	return nil
}

func printTables(w io.Writer, format string, plan *protocol.Plan, cells []results.Cell) error {
	return formats[format](report.Build(plan, cells), w)
}

// finder finds the records of a plan, for the commands that show results and run nothing.
type finder struct {
	plugins    pluginFlags
	dir, build string
	traces     bool // wanted with the records
}

func (f *finder) add(cmd *cobra.Command) {
	f.plugins.add(cmd)
	addResults(cmd, &f.dir)
	cmd.Flags().StringVar(&f.build, "build", "", "the build of bench that made the records: how its `SHA256` begins")
}

// find returns the plan that an argument names, its defaults filled in, and the state of its cells. That there are no
// records at all is an error.
func (f *finder) find(cmd *cobra.Command, arg string) (*protocol.Plan, []results.Cell, error) {
	campaign, store, digest, err := f.open(cmd, arg)
	if err != nil {
		return nil, nil, err
	}
	// All records are kept, so that little of what is on the heap is garbage: to let it double would take twice the memory, and
	// to look through it often while it fills would take time.
	debug.SetGCPercent(60)
	cells, _ := campaign.Cells(store.find)
	debug.SetGCPercent(20)
	imported := importedCells(store.store, &campaign.Plan, cmd.ErrOrStderr())
	if len(store.seen) == 0 && len(imported) == 0 {
		return nil, nil, noRecords(cmd, store, &campaign.Plan, arg, digest, f.dir)
	}
	return &campaign.Plan, append(cells, imported...), nil
}

// open looks up all that the plan names, and returns the SHA-256 of the build of bench whose records count.
func (f *finder) open(cmd *cobra.Command, arg string) (campaign *harness.Campaign, store *keeper, digest string, err error) {
	campaign, store, catalogue, err := f.lookUp(cmd, arg)
	if err != nil {
		return nil, nil, "", err
	}
	catalogue.Close()
	return campaign, store, catalogue.counts(), nil
}

// lookUp is open with the catalogue still at work, which is the caller's to close.
func (f *finder) lookUp(cmd *cobra.Command, arg string) (*harness.Campaign, *keeper, *catalogue, error) {
	plan, err := loadPlan(arg)
	if err != nil {
		return nil, nil, nil, err
	}
	store, err := openResults(f.dir, cmd.ErrOrStderr())
	if err != nil {
		return nil, nil, nil, err
	}
	store.traces = f.traces
	f.plugins.inProcess = true // nothing is run
	catalogue, err := f.plugins.open(cmd, plan.Plugins...)
	if err != nil {
		return nil, nil, nil, err
	}
	if f.build != "" {
		var digest string
		if digest, err = store.build(plan.Name, f.build); err == nil {
			catalogue.pretend(digest)
		}
	}
	var campaign *harness.Campaign
	if err == nil {
		campaign, err = harness.NewCampaign(plan, catalogue)
	}
	if err != nil {
		catalogue.Close()
		return nil, nil, nil, err
	}
	return campaign, store, catalogue, nil
}

func newTable() *cobra.Command {
	var records finder
	var format string
	var baselines []string
	var all, pairwise bool
	cmd := &cobra.Command{
		Use:   "table PLAN|FILE",
		Short: "Print the tables of a plan from its records",
		Long: `Table prints the tables of a plan again, from the records alone: it recomputes every decision that was made, and runs
nothing. If runs are missing, the tables say INCOMPLETE. Imported runs on the same problem stand beside the ranking.

Each optimizer is compared with baselines: those of sgd, m-sgd, m-svag, cabs and adam that the plan has, or what --baseline
names. On the anchored scale, the start of a run is 0, and the mean of m-sgd 1, or else that of the first baseline.

On the terminal there is one table for each problem and one for all: who wins, how sure that is, what it cost. With --all, and
in the other formats always, a second one tells how often the baselines are beaten, how soon a target is reached, and how much
tuning matters.

Records belong to the build of bench that made them. To see what another build made, name it by --build.`,
		Example: `  bench table quick
  bench table quick --all
  bench table quick --baseline adam --baseline sgd --all
  bench table quick --pairwise
  bench table quick --format latex > table.tex
  bench table quick --format json | jq '.overall[] | [.place, .optimizer]'
  bench table my-plan.yaml --results /scratch/me/runs`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(cmd, format); err != nil {
				return err
			}
			plan, cells, err := records.find(cmd, args[0])
			if err != nil {
				return err
			}
			names, err := report.Baselines(plan, baselines)
			if err != nil {
				return err
			}
			r := report.Build(plan, cells, names...)
			switch {
			case pairwise:
				return formats[format](report.Pairwise{Report: r}, cmd.OutOrStdout())
			case all && format == "terminal":
				return r.WriteAllText(cmd.OutOrStdout())
			}
			return formats[format](r, cmd.OutOrStdout())
		},
	}
	records.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&all, "all", false, "show the second tables on the terminal, too: how sure, how fast, how tuned")
	cmd.Flags().BoolVar(&pairwise, "pairwise", false, "compare all pairs of optimizers in place of ranking them")
	cmd.Flags().StringArrayVar(&baselines, "baseline", nil, "compare with this `ENTRY` of the plan in place of the usual ones; may be repeated")
	return cmd
}

// noRecords is the error for a plan of which this build of bench has no records. arg is what the user calls the plan.
func noRecords(cmd *cobra.Command, store *keeper, plan *protocol.Plan, arg, digest, dir string) error {
	others := store.otherBuilds(plan.Name, digest)
	if len(others) == 0 {
		return fmt.Errorf("there are no runs of plan %s in %s; make them by: bench run %s", plan.Name, dir, arg)
	}
	return fmt.Errorf("%s holds no runs of plan %s by this build of bench, but %s; either bench run %s makes them anew, "+
		"or %s %s --build SHA256 shows what is there",
		dir, plan.Name, strings.Join(others, " and "), arg, cmd.CommandPath(), arg)
}

// build returns the whole digest of the build that made records of a plan and whose digest begins with prefix.
func (k *keeper) build(plan, prefix string) (string, error) {
	if len(prefix) == 2*sha256.Size {
		return prefix, nil // no need to read all records
	}
	var matches []string
	builds := k.builds(plan)
	for digest := range builds {
		if strings.HasPrefix(digest, prefix) {
			matches = append(matches, digest)
		}
	}
	switch len(matches) {
	case 1:
		return matches[0], nil
	case 0:
		return "", fmt.Errorf("no build of bench whose sha256 begins with %s made runs of plan %s in %s",
			prefix, plan, k.store.Dir())
	}
	return "", fmt.Errorf("%d builds of bench begin with %s; give more digits of the sha256", len(matches), prefix)
}
