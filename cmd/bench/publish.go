package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/harness/publish"
	"noisebench/internal/text"
	"noisebench/results/bundle"
)

func newPublish() *cobra.Command {
	var records finder
	var out string
	var about bundle.About
	cmd := &cobra.Command{
		Use:   "publish PLAN|FILE",
		Short: "Pack a plan's results into one file that others can check",
		Long: `Publish packs the plan, the definitions of its optimizers and problems, and every run
that its decisions rest on, including tuning and failed runs, into one file. The file has a root
hash that names all of its contents: cite it in a paper. The same results make the same file.

To publish a result, pack it by bench publish and send the file to others, or put it where they find
it. bench verify checks that nothing is missing or changed, and makes some of the runs again; bench
board joins the files of a folder into one ranked page. The format is documented in the source,
results/bundle/doc.go.

A plan with missing runs is refused, unless --incomplete is given; a leaderboard accepts complete
bundles only. Records contain the name of the machine that made them: it is in the last line of
each, and can be edited there before publishing.`,
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
			plan := &there.campaign.Plan
			if out == "" {
				out = bundle.FileName(plan.Name)
			}
			if !strings.HasSuffix(out, bundle.Extension) {
				return usagef(cmd, "--out is %q, want a name that ends in %s", out,
					bundle.Extension)
			}
			contents := publish.Gather(&publish.Source{
				Campaign: there.campaign, Definitions: there.definitions,
				Store: there.store.Records, Find: there.store.Find, Taken: there.notes.Taken,
			})
			if len(contents.Runs) == 0 {
				return noRecords(cmd, there, args[0])
			}
			if missing := contents.Missing; len(missing) > 0 && !about.Incomplete {
				if most := 20; len(missing) > most {
					missing = append(missing[:most:most],
						fmt.Sprintf("… and %d more optimizer-problem pairs", len(missing)-most))
				}
				return fmt.Errorf("plan %s is not complete, so it is not packed:\n  %s\nmake what "+
					"is missing by: bench run %s -o %s",
					plan.Name, strings.Join(missing, "\n  "), args[0], records.dir)
			}
			if about.Publisher, err = thisBuild(); err != nil {
				return err
			}
			packed, err := contents.Pack(out, about)
			if err != nil {
				return err
			}
			return printColumns(cmd.OutOrStdout(), [][]string{
				{"file", out},
				{"root", packed.Root},
				{"holds", fmt.Sprintf("%s of plan %s, all that its decisions use",
					text.Count(len(contents.Runs), "run"), plan.Name)},
				{"size", fmt.Sprintf("%s, %.1f times smaller than its contents",
					megabytes(packed.Packed),
					float64(packed.Size)/float64(packed.Packed))},
				{"check", "bench verify " + out},
			})
		},
	}
	records.add(cmd)
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "`FILE` to write (default: PLAN"+bundle.Extension+")")
	f.StringVar(&about.Title, "title", "", "title of the bundle")
	f.StringArrayVar(&about.Authors, "author", nil, "`NAME` of an author (may be repeated)")
	f.StringVar(&about.Contact, "contact", "", "how to reach the authors")
	f.StringVar(&about.URL, "url", "", "where to find more, such as a paper or code")
	f.StringVar(&about.Licence, "licence", "",
		"under which others may use the bundle, such as CC-BY-4.0")
	f.BoolVar(&about.Incomplete, "incomplete", false, "pack the plan even if runs are missing")
	return cmd
}

func megabytes(n int64) string { return fmt.Sprintf("%.3g MB", float64(n)/1e6) }
