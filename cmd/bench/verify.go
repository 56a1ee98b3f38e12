package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"noisebench/results/bundle"
)

// verdict is how a check ended.
type verdict string

const (
	pass verdict = "PASS"
	fail verdict = "FAIL"
	note verdict = "note" // neither: the reader has to judge
)

// finding is what one check found.
type finding struct {
	Group   string   `json:"group"` // integrity, completeness, consistency, local or re-run
	Check   string   `json:"check"` // the names stay
	Verdict verdict  `json:"verdict"`
	Text    string   `json:"text"`
	Details []string `json:"details,omitempty"` // one for each thing that is wrong
}

// verification is all that bench verify found out about a bundle.
type verification struct {
	File     string       `json:"file"` // base name
	Root     string       `json:"root"` // empty if the file cannot be read
	Title    string       `json:"title,omitempty"`
	Authors  []string     `json:"authors,omitempty"`
	Plan     string       `json:"plan"`
	By       bundle.Build `json:"by"`   // the build that verified
	Seed     uint64       `json:"seed"` // of the sample
	Rerun    rerunCount   `json:"rerun"`
	OK       bool         `json:"ok"` // nothing failed
	Findings []finding    `json:"findings"`
}

// add books a finding: fail if there are details, else pass.
func (v *verification) add(group, check, good, bad string, details []string) {
	f := finding{Group: group, Check: check, Verdict: pass, Text: good}
	if len(details) > 0 {
		f.Verdict, f.Text, f.Details = fail, bad, details
		v.OK = false
	}
	v.Findings = append(v.Findings, f)
}

// note books what is neither good nor bad.
func (v *verification) note(group, check, text string, details ...string) {
	v.Findings = append(v.Findings, finding{group, check, note, text, details})
}

// failed counts the checks that failed.
func (v *verification) failed() (n int) {
	for _, f := range v.Findings {
		if f.Verdict == fail {
			n++
		}
	}
	return n
}

func newVerify() *cobra.Command {
	var flags pluginFlags
	var again, format string
	var seed uint64
	var save, rebuilt bool
	var parallel int
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a bundle that someone published",
		Long: `Verify checks a bundle that bench publish made, and prints what it found. Its checks are, in this order:

integrity     every file has its SHA-256 from the list, every record its own digest and ID. The root hash names all of it.
completeness  every decision of the plan follows from the records: no tuning run, tie or replicate is missing, and there is
              no run that the plan does not ask for. A plan by the name of a built-in one is compared with that.
consistency   budgets, charges and evaluation marks of every record add up, no tuning seed is reported, runs of one seed
              start from the same point, and the bundle's description fits.
local         optimizers, problems and data hashes are what this build of bench, and the plugins that it is given, say.
re-run        a random sample of runs, spread over problems, optimizers and purposes, is made again.

A run that is made again has to give the same bits where the platform (system, architecture, CPU level), the Go version,
and the versions of optimizer and problem are the same. On another platform or Go version, rounding differs and
stochastic runs drift apart; there, a run has to end with the same status, after the same number of steps (unless the
optimizer chooses its batch size), start from the same values within a relative 1e-5 (float32) or 1e-9 (float64), and reach a
score that differs by no more than what ranking takes for equal: one standard error of an accuracy, one percent of the
way from the start to the optimum on a logarithmic scale where the optimum is known, else one percent of the way from the
start. The output says which of the two was applied.

Records say what made them. Built-in optimizers and problems are known by their version and by the fingerprint of what they
compute; one that computes other bits here, on the same platform and with the same Go version, fails. The build of bench
that made a record can be had by checking out its revision with the same Go version and "go build -trimpath ./cmd/bench".
Outside plugins are known by the digest and environment that they declare, or else by the SHA-256 of their executable, and
by a fingerprint too. One that is given by --plugin and is another one than that of the records is an error, which says in
what they differ, unless --rebuilt says that it was built anew from the same source.

A sample finds a made-up record with a probability of the sampled share: repeat with other seeds, or --rerun all.`,
		Example: `  bench verify qhm.noisebench.tar.zst --plugin ./qhm
  bench verify quick.noisebench.tar.zst --rerun 5%
  bench verify quick.noisebench.tar.zst --rerun 20 --seed 7 --save
  bench verify quick.noisebench.tar.zst --rerun 0 --format json`,
		Args: oneArg("bundle"),
		RunE: func(cmd *cobra.Command, args []string) error {
			share, err := parseShare(again)
			if err != nil {
				return usagef(cmd, "%w", err)
			}
			if format != "terminal" && format != "json" {
				return usagef(cmd, "--format is %q, want terminal or json", format)
			}
			if parallel < 1 {
				return usagef(cmd, "--parallel is %d, want at least 1", parallel)
			}
			if !cmd.Flags().Changed("seed") {
				seed = rand.Uint64N(1_000_000)
			}
			flags.threads = max(1, runtime.NumCPU()/parallel)
			if share.none() {
				flags.inProcess = true
			}
			x := examine(args[0], bundle.Open)
			catalogue, err := flags.open(cmd)
			if err != nil {
				return err
			}
			defer catalogue.Close()
			if x.By, err = thisBuild(); err != nil {
				return err
			}
			x.Seed = seed
			if x.bundle != nil {
				l := x.compareLocal(catalogue, rebuilt)
				if x.campaign != nil && !share.none() {
					if err := x.rerun(cmd, l, catalogue.host.Alloc, selection{share: share}, parallel); err != nil {
						return err
					}
				}
			}
			if save {
				if err := x.save(args[0]); err != nil {
					return err
				}
			}
			if err := x.print(cmd.OutOrStdout(), format); err != nil {
				return err
			}
			if n := x.failed(); n > 0 {
				return fmt.Errorf("%s: %d of %s failed", args[0], n, count(len(x.Findings), "check"))
			}
			return nil
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&again, "rerun", "5", "how many runs to make again: a number, a share such as 5%, or all")
	f.Uint64Var(&seed, "seed", 0, "of the choice of runs; a random one if it is not given")
	f.BoolVar(&save, "save", false, "write the findings to FILE.verify.json, where bench board finds them")
	f.BoolVar(&rebuilt, "rebuilt", false, "take plugins of another digest or SHA-256 for other builds of the same source")
	f.StringVar(&format, "format", "terminal", "of the findings: terminal or json")
	f.IntVarP(&parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	return cmd
}

// share says how many of some runs are meant.
type share struct {
	number  int
	percent float64 // if above 0, this counts
}

func (s share) none() bool { return s.number == 0 && s.percent == 0 }

// of returns the number for n runs: at least one, if any are meant.
func (s share) of(n int) int {
	if s.percent > 0 {
		return min(n, max(1, int(s.percent/100*float64(n)+0.5)))
	}
	return min(n, s.number)
}

func parseShare(text string) (share, error) {
	if text == "all" {
		return share{percent: 100}, nil
	}
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		if v, err := strconv.ParseFloat(percent, 64); err == nil && v > 0 && v <= 100 {
			return share{percent: v}, nil
		}
	} else if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return share{number: n}, nil
	}
	return share{}, fmt.Errorf("--rerun is %q, want a number such as 5, a share such as 5%%, or all", text)
}

// mostDetails is how many details of a finding the terminal shows.
const mostDetails = 10

// print writes the findings.
func (v *verification) print(w io.Writer, format string) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	b := new(strings.Builder)
	fmt.Fprintln(b, v.File)
	if v.Root != "" {
		fmt.Fprintf(b, "root %s\n", v.Root)
	}
	if v.Title != "" || len(v.Authors) > 0 {
		fmt.Fprintln(b, oneLine(strings.Join(slices.DeleteFunc([]string{v.Title, strings.Join(v.Authors, ", ")},
			func(s string) bool { return s == "" }), ", by ")))
	}
	group := ""
	for _, f := range v.Findings {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(b, "\n%s\n", group)
		}
		fmt.Fprintf(b, "  %s  %-12s %s\n", f.Verdict, f.Check, oneLine(f.Text))
		for i, d := range f.Details {
			if i == mostDetails {
				fmt.Fprintf(b, "        … and %d more; --format json lists all\n", len(f.Details)-i)
				break
			}
			fmt.Fprintf(b, "        %s\n", oneLine(d))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// oneLine makes text from elsewhere fit for a line of the terminal.
func oneLine(s string) string {
	fields := strings.FieldsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) && r != '\u00a0' })
	return strings.Join(fields, " ")
}

// verifyName is where the findings on a bundle are kept.
func verifyName(path string) string { return path + ".verify.json" }

// save writes the findings beside the bundle.
func (v *verification) save(path string) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := writeWhole(verifyName(path), append(text, '\n')); err != nil {
		return fmt.Errorf("cannot save the findings: %w", err)
	}
	return nil
}

// saved reads the findings beside a bundle; nil if there are none, or if they are on other contents.
func saved(path, root string) (*verification, error) {
	text, err := os.ReadFile(verifyName(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var v verification
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("%s: %w; make it again by: bench verify %s --save", verifyName(path), err, path)
	}
	if v.Root != root {
		return nil, nil
	}
	return &v, nil
}
