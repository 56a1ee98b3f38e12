package main

import (
	"bytes"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/harness/verify"
	"noisebench/internal/text"
	"noisebench/results"
	"noisebench/results/board"
	"noisebench/results/bundle"
	"noisebench/results/bundle/check"
	"noisebench/results/report"
	"noisebench/results/report/page"
)

func newBoard() *cobra.Command {
	var out, format, title, verified, signers string
	cmd := &cobra.Command{
		Use:   "board DIR",
		Short: "Join the bundles of a folder into one leaderboard",
		Long: `Board reads all bundles (*` + bundle.Extension + `) of a folder, checks each as bench
verify --rerun 0 does, and joins those that belong together into one report: problem by problem, all
entries side by side.

Results belong together if they were made by the same rules: protocol version, number and seeds of
the replicates, tuning runs and seeds, evaluations, data order, and rules of selection and report;
so runs with the same seed saw the same batches and can be compared in pairs. They are of one
problem if its name, version, parameters, data hashes, metric, budget, batch size and schedule are
the same. Where bundles differ, the majority decides; the others are left out, with a message that
names the difference. A bundle that fails a check is left out, too.

An entry whose results are in several bundles, run by run, is listed once. Different entries of one
name are distinguished by their files. The records of all bundles together may take 192 MiB of
memory, where a record that several bundles have counts once, and entries make at most 100,000 pairs
on all problems, for which bench uses less than 512 MiB; bundles beyond that are left out. Entries that were
not tuned by their plan, and those of plans that depart from the standard protocol, are listed next
to the ranking, with the reason.

Nothing in the folder is believed that does not prove itself, since whoever proposes a bundle writes
there; what you vouch for lies outside. A row is verified only by a report in the folder --verified,
where bench verify FILE --save FOLDER writes it; rows whose runs were only compared within
tolerances, never bit by bit, are marked. FILE.sig or FILE.minisig shows who signed a bundle: a name
if --signers lists the key (see bench verify), else the key alone. A bundle whose signature is not
valid is left out.`,
		Example: `  bench board bundles/ --out board.html
  bench board bundles/ --format markdown > board.md
  for f in bundles/*` + bundle.Extension + `; do bench verify "$f" --rerun 20 --save verified; done
  bench board bundles/ --verified verified --signers allowed_signers`,
		Args: oneArg("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "html" && format != "json" && formats[format] == nil {
				return usagef(cmd,
					"--format is %q, want html, terminal, markdown, csv, latex or json", format)
			}
			if err := board.Outside(args[0], signers); err != nil {
				return err
			}
			known, err := knownSigners(signers)
			if err != nil {
				return err
			}
			// Records of many bundles stay in memory. The collector works harder near this limit
			// than by its default, which lets the heap grow to twice what is in use.
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(400 << 20))
			b, err := board.Open(args[0], verified, func(path string, shared *bundle.Shared) *check.Checked {
				return verify.Open(path, verify.Options{
					Known: plans.Known, Read: bundle.Options{Traces: format == "html", Shared: shared}, Signers: known,
				})
			})
			if err != nil {
				return err
			}
			b.Title = title
			for _, refused := range b.Refused {
				fmt.Fprintf(cmd.ErrOrStderr(), "bench: left out: %s\n", text.OneLine(refused))
			}
			if len(b.Bundles) == 0 {
				return fmt.Errorf("no bundle of %s can be used", args[0])
			}
			var contents bytes.Buffer
			if err := writeBoard(&contents, b, format, args[0]); err != nil {
				return err
			}
			if out == "" && format == "html" {
				out = "board.html"
			}
			if out == "" || out == "-" {
				_, err := exact(cmd.OutOrStdout()).Write(contents.Bytes())
				return err
			}
			if err := results.WriteFile(out, contents.Bytes()); err != nil {
				return fmt.Errorf("cannot write board: %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s written: %s, %s, %s\n", out,
				text.Count(len(b.Entries), "optimizer"),
				text.Count(len(b.Plan.Problems), "problem"), text.Count(len(b.Bundles), "bundle"))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "",
		"`FILE` to write, - for the standard output (default board.html for HTML, else -)")
	cmd.Flags().StringVar(&format, "format", "html",
		"of the board: html, terminal, markdown, csv, latex or json")
	cmd.Flags().StringVar(&title, "title", "Leaderboard", "title of the board")
	cmd.Flags().StringVar(&verified, "verified", "",
		"`FOLDER` of reports that you trust, outside DIR")
	cmd.Flags().StringVar(&signers, "signers", "", "`FILE` that lists whose keys are known, outside DIR")
	cmd.AddCommand(newBoardInit())
	return cmd
}

// writeBoard writes a board of the bundles in a folder.
func writeBoard(w io.Writer, b *board.Board, format, dir string) error {
	switch format {
	case "html":
		return page.Write(w, b.Page(dir))
	case "json":
		return b.WriteJSON(w)
	}
	return formats[format](report.Ranking{Report: b.Report(), Width: terminalWidth(w)}, w)
}
