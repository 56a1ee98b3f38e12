package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/plugins"
	"noisebench/protocol"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/measures"
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
	return formats[format](report.Ranking{Report: measures.Build(plan, cells), Width: terminalWidth(w)}, w)
}

// finder finds the records of a plan, for the commands that show results and run nothing.
type finder struct {
	plugins    pluginFlags
	dir, build string
	traces     bool   // wanted with the records
	source     []byte // text of the plan that was found
}

func (f *finder) add(cmd *cobra.Command) {
	f.plugins.add(cmd)
	addResults(cmd, &f.dir)
	cmd.Flags().StringVar(&f.build, "build", "", "records that name the build of bench that made them: how its `SHA256` begins")
}

// found is a plan with what the results folder has of it.
type found struct {
	campaign *harness.Campaign
	store    *keeper
	taken    []*bundle.Taken

	definitions bundle.Lookup // by the names of the plan
}

// find returns the plan that an argument names, its defaults filled in, and the state of its cells.
// That there are no records at all is an error.
func (f *finder) find(cmd *cobra.Command, arg string) (*protocol.Plan, []results.Cell, error) {
	there, err := f.open(cmd, arg)
	if err != nil {
		return nil, nil, err
	}
	campaign, store := there.campaign, there.store
	// All records are kept, so that little of what is on the heap is garbage: to let it double
	// would take twice the memory, and to look through it often while it fills would take time.
	before := debug.SetGCPercent(60)
	cells, _ := campaign.Cells(store.find)
	debug.SetGCPercent(before)
	imported := importedCells(store.store, &campaign.Plan, cmd.ErrOrStderr())
	if len(store.seen) == 0 && len(imported) == 0 {
		return nil, nil, noRecords(cmd, there, arg)
	}
	markTaken(cells, there.taken)
	return &campaign.Plan, append(cells, imported...), nil
}

// open looks up all that the plan names: in what the results folder says of plans that were run in
// it and of bundles that runs were taken from, and what is not there among bench's own definitions
// and plugins. No plugin is needed for records that are there.
func (f *finder) open(cmd *cobra.Command, arg string) (*found, error) {
	stderr := cmd.ErrOrStderr()
	store, err := openResults(f.dir, stderr)
	if err != nil {
		return nil, err
	}
	store.traces = f.traces
	saved, taken := notesIn(f.dir, stderr)
	there := &found{store: store, taken: taken}
	plan, source, err := planOrSaved(arg, saved)
	if err != nil {
		return nil, err
	}
	f.source = source
	plan = plan.WithDefaults()
	f.plugins.inProcess = true // nothing is run
	var own *catalogue
	defer func() {
		if own != nil {
			own.Close()
		}
	}()
	rest := func() (bundle.Lookup, error) {
		if own == nil {
			if own, err = f.plugins.open(cmd, plan.Plugins...); err != nil {
				return nil, err
			}
		}
		return own, nil
	}
	if f.build != "" {
		if _, err := rest(); err != nil {
			return nil, err
		}
		build, contract, err := store.build(plan.Name, f.build)
		if err != nil {
			return nil, err
		}
		own.pretend(build)
		there.definitions = own
		if there.campaign, err = harness.NewCampaign(plan, own); err != nil {
			return nil, err
		}
		there.campaign.Contract(contract)
		return there, nil
	}
	names, err := resolve(&plan, saved, taken, rest)
	if err != nil {
		return nil, err
	}
	there.definitions = names.definitions
	if there.campaign, err = harness.NewCampaign(plan, names.definitions, names.others...); err != nil {
		return nil, err
	}
	noteChanges(stderr, &plan, saved)
	return there, nil
}

// meanings are what the names of a plan mean, and as others what they mean in bundles.
type meanings struct {
	definitions bundle.Lookup
	others      []harness.Definitions
}

// notesIn reads what a results folder says of plans and of bundles. What is unreadable is left out
// with a warning.
func notesIn(dir string, warnings io.Writer) ([]*bundle.Saved, []*bundle.Taken) {
	saved, err := bundle.SavedPlans(dir)
	if err != nil {
		fmt.Fprintf(warnings, "bench: %v\n", err)
	}
	taken, err := bundle.TakenBundles(dir)
	if err != nil {
		fmt.Fprintf(warnings, "bench: %v\n", err)
	}
	return saved, taken
}

// resolve finds what the names of a plan meant when it was run last, when other plans were, or in
// bundles; else what they mean to rest.
func resolve(plan *protocol.Plan, saved []*bundle.Saved, taken []*bundle.Taken, rest func() (bundle.Lookup, error)) (m meanings, err error) {
	var known []*bundle.Definitions
	for _, same := range []bool{true, false} {
		for _, s := range saved {
			if same == (s.Plan.Name == plan.Name) {
				known = append(known, &s.Definitions)
			}
		}
	}
	for _, t := range taken {
		known = append(known, &t.Definitions)
		if elsewhere(t.Platforms) {
			m.others = append(m.others, &t.Definitions)
		}
	}
	m.definitions, err = bundle.Resolve(plan, known, rest)
	return m, err
}

// namesIn is resolve by what a results folder says.
func namesIn(dir string, plan *protocol.Plan, rest func() (bundle.Lookup, error), warnings io.Writer) (meanings, error) {
	saved, taken := notesIn(dir, warnings)
	return resolve(plan, saved, taken, rest)
}

// planOrSaved reads the plan that an argument names, or finds it by its name among those of a
// results folder.
func planOrSaved(arg string, saved []*bundle.Saved) (protocol.Plan, []byte, error) {
	text, _, err := plans.Text(arg)
	if err == nil {
		plan, err := plans.Load(arg)
		return plan, text, err
	}
	for _, s := range saved {
		if s.Plan.Name == arg {
			text, err := json.MarshalIndent(s.Plan, "", "  ")
			return s.Plan, text, err
		}
	}
	return protocol.Plan{}, nil, err
}

// noteChanges says which plugins have changed since the plan was run: what is shown was made by the
// code of that time.
func noteChanges(stderr io.Writer, plan *protocol.Plan, saved []*bundle.Saved) {
	i := slices.IndexFunc(saved, func(s *bundle.Saved) bool { return s.Plan.Name == plan.Name })
	if i < 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(saved[i].Executables)) {
		e := saved[i].Executables[name]
		if sum, err := plugins.SumFile(e.Path); err == nil && sum != e.SHA256 {
			fmt.Fprintf(stderr, "note: %s has changed since these runs of %s were made; bench run makes what is due with the new one\n", e.Path, name)
		}
	}
}

// markTaken says of each cell which of its runs were taken from bundles.
func markTaken(cells []results.Cell, taken []*bundle.Taken) {
	for _, t := range taken {
		from := map[string]bool{}
		for _, id := range t.Runs {
			from[id] = true
		}
		again := 0
		for _, c := range t.Checks {
			if c.Bits {
				again++
			}
		}
		for i := range cells {
			c := &cells[i]
			n := 0
			for _, r := range slices.Concat(c.Runs, c.OneShot, c.Tuning) {
				if from[r.Run.ID()] {
					n++
				}
			}
			if n > 0 {
				c.Taken = append(c.Taken, results.Taken{
					Runs: n, Of: len(c.Runs) + len(c.OneShot) + len(c.Tuning), Root: t.Root, Title: cmp.Or(t.Title, t.Plan),
					Platforms: strings.Join(t.Platforms, ", "), Checked: len(t.Checks), Bits: again,
				})
			}
		}
	}
}

func newTable() *cobra.Command {
	var records finder
	var format string
	var baselines []string
	var all, pairwise, landscape bool
	cmd := &cobra.Command{
		Use:   "table PLAN|FILE",
		Short: "Print the tables of a plan from its records",
		Long: `Table prints the tables of a plan again, from the records alone: it recomputes every decision that was made, and runs
nothing. If runs are missing, the tables say INCOMPLETE. Imported runs on the same problem stand beside the ranking.

Each optimizer is compared with baselines: those of sgd, m-sgd, m-svag, cabs and adam that the plan has, or what --baseline
names. On the anchored scale, the start of a run is 0, and the mean of m-sgd 1, or else that of the first baseline.

On the terminal there is one table for each problem and one for all: the ranking, its uncertainty and its
cost. --all adds a second one: how often the baselines are beaten, how soon a target is reached, and how
much tuning matters. Markdown, CSV and JSON always have both.

LaTeX begins with an overview of all optimizers and problems (mean ± standard deviation, ranks, the
leaders in bold), followed by one table for each problem. They need the package booktabs and fit the text
width of the class article; what does not fit is continued below or in a further table. --landscape turns
the overview (package rotating). --all adds an appendix: search spaces, chosen settings, declared defaults
and the second tables.

Records are those of the optimizers and problems as they were when the plan was run last: neither plugins nor data are needed
to print them again. --build shows what an older build of bench made, whose records name it by its SHA-256.`,
		Example: `  bench table quick
  bench table quick --all
  bench table quick --baseline adam --baseline sgd --all
  bench table quick --pairwise
  bench table quick --format latex > tables.tex
  bench table quick --format latex --landscape --all > tables-with-appendix.tex
  bench table quick --format json | jq '.overall[] | [.place, .optimizer]'
  bench table my-plan.yaml --results /scratch/me/runs`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(cmd, format); err != nil {
				return err
			}
			if landscape && (format != "latex" || pairwise) {
				return usagef(cmd, "--landscape turns the overview of --format latex, which is not printed")
			}
			plan, cells, err := records.find(cmd, args[0])
			if err != nil {
				return err
			}
			names, err := measures.Baselines(plan, baselines)
			if err != nil {
				return err
			}
			r, w := measures.Build(plan, cells, names...), cmd.OutOrStdout()
			if pairwise {
				return formats[format](report.Pairwise{Report: r, Width: terminalWidth(w)}, w)
			}
			return formats[format](report.Ranking{Report: r, All: all, Width: terminalWidth(w), Landscape: landscape}, w)
		},
	}
	records.add(cmd)
	addFormat(cmd, &format)
	cmd.Flags().BoolVar(&all, "all", false,
		"add the second tables (terminal), or the appendix (latex): how sure, how fast, how tuned")
	cmd.Flags().BoolVar(&landscape, "landscape", false, "turn the overview by 90 degrees (latex)")
	cmd.Flags().BoolVar(&pairwise, "pairwise", false, "compare all pairs of optimizers in place of ranking them")
	cmd.Flags().StringArrayVar(&baselines, "baseline", nil, "compare with this `ENTRY` of the plan in place of the usual ones; may be repeated")
	return cmd
}

// noRecords is the error for a plan of which the results folder has no records. arg is what the
// user calls the plan.
func noRecords(cmd *cobra.Command, there *found, arg string) error {
	plan, dir := &there.campaign.Plan, there.store.store.Dir()
	others := there.store.otherCode(there.campaign)
	if len(others) == 0 {
		return fmt.Errorf("there are no runs of plan %s in %s; make them by: bench run %s", plan.Name, dir, arg)
	}
	return fmt.Errorf("%s holds no runs of plan %s by its optimizers and problems as they are now, but %s; either bench run %s makes them "+
		"anew, or %s %s --build SHA256 shows what a build of bench made that records name",
		dir, plan.Name, strings.Join(others, " and "), arg, cmd.CommandPath(), arg)
}

// build returns the whole digest of the build of bench that made records of a plan and whose digest
// begins with prefix, and the version of the contract that they have.
func (k *keeper) build(plan, prefix string) (digest string, contract int, err error) {
	builds := k.builds(plan)
	for d, c := range builds {
		switch {
		case !strings.HasPrefix(d, prefix):
		case digest != "":
			return "", 0, fmt.Errorf("several builds of bench begin with %s; give more digits of the sha256", prefix)
		default:
			digest, contract = d, c
		}
	}
	if digest == "" {
		return "", 0, fmt.Errorf("no build of bench whose sha256 begins with %s made runs of plan %s in %s that are named by it",
			prefix, plan, k.store.Dir())
	}
	return digest, contract, nil
}
