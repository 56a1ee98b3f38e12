package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/spf13/cobra"

	"noisebench/cmd/bench/plans"
	"noisebench/harness/verify"
	"noisebench/internal/text"
)

func newVerify() *cobra.Command {
	var flags pluginFlags
	var again, format string
	var seed uint64
	var save, signers string
	var rebuilt bool
	var parallel int
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a published bundle",
		Long: `Verify checks a bundle that bench publish made, and prints its findings. The checks
are, in this order:

integrity     Every file has its SHA-256 from the list, every record its own digest and ID. The root
              hash names all of it.
completeness  Every decision of the plan follows from the records: no tuning run, tie or replicate
              is missing, and there is no run that the plan does not ask for. A plan with the name
              of a built-in one is compared with that.
consistency   Budgets, charges and evaluation marks of every record add up, no tuning seed is
              reported, runs of one seed start from the same point, and the bundle's description
              fits.
local         Optimizers, problems and data hashes are those of this build of bench and of the
              plugins that it is given.
re-run        A random sample of runs, spread over problems, optimizers and purposes, is made again.

A run that is made again must give the same bits if the fingerprints of its problem and its
optimizer in the record are those here, whatever platform the record names, or if the record names
the platform (system, architecture, CPU level) and the Go version of this machine. Otherwise
rounding differs and stochastic runs drift apart; then a run has to end with the same status, after
the same number of steps (unless the optimizer chooses its batch size), start from the same values
within a relative 1e-5 (float32) or 1e-9 (float64), and reach a score that differs by no more than
the difference that ranking treats as equal: one standard error of an accuracy, one percent of the
way from the start to the optimum on a logarithmic scale if the optimum is known, else one percent
of the way from the start. The output names the rule that was applied.

The deviations of runs that were compared within tolerances must not all have one direction: for
each optimizer, each pair, and all together, losses and scores are tested by the exact sign test and
the paired t-test, at the level 0.001 for all tests together. Runs of different seeds with equal
trajectories are found without a re-run.

Records name what made them. Built-in optimizers and problems are identified by their version and by
the fingerprint of what they compute; one that computes other bits here, on the same platform and
with the same Go version, fails. To get the build of bench that made a record, check out its
revision and run "go build -trimpath ./cmd/bench" with the same Go version. Outside plugins are
identified by the digest and environment that they declare, or else by the SHA-256 of their
executable, and by a fingerprint, too. If a plugin that is given by --plugin differs from that of
the records, this is an error that names the differences, unless --rebuilt is given for another
build of the same source.

FILE.sig (of ssh-keygen -Y sign -n noisebench) or FILE.minisig (of minisign -S) shows who signed the
bundle: a name if --signers lists the key, one a line as NAME KEYTYPE KEY (KEYTYPE: ssh-ed25519 and
the like, or minisign), else the key alone.

A sample finds a fabricated record with a probability of the sampled share: repeat with other seeds,
or --rerun all.`,
		Example: `  bench verify qhm.noisebench.tar.zst --plugin ./qhm
  bench verify quick.noisebench.tar.zst --rerun 5%
  bench verify quick.noisebench.tar.zst --rerun 20 --seed 7 --save verified
  bench verify quick.noisebench.tar.zst --rerun 0 --format json`,
		Args: oneArg("bundle"),
		RunE: func(cmd *cobra.Command, args []string) error {
			share, err := verify.ParseShare(again)
			if err != nil {
				return usagef(cmd, "--rerun is %w", err)
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
			flags.threads = threadsEach(parallel)
			known, err := knownSigners(signers)
			if err != nil {
				return err
			}
			catalogue, err := flags.open(cmd)
			if err != nil {
				return err
			}
			defer catalogue.Close()
			counter := counting(cmd, args[0])
			x, err := verify.Verify(cmd.Context(), args[0], here(catalogue, rebuilt), verify.Again{
				Selection: verify.Selection{Share: share}, Seed: seed, Parallel: parallel,
				Alloc: catalogue.Alloc, Progress: counter.Update,
			}, verify.Options{Known: plans.Known, Signers: known, Read: reading(counter)})
			counter.Stop()
			if err != nil {
				return err
			}
			if x.By, err = thisBuild(); err != nil {
				return err
			}
			if save != "" {
				if err := x.Save(save); err != nil {
					return err
				}
			}
			if err := printReport(cmd.OutOrStdout(), &x.Report, format); err != nil {
				return err
			}
			if n := len(x.Failed()); n > 0 {
				return fmt.Errorf("%s: %d of %s failed", args[0], n,
					text.Count(len(x.Findings), "check"))
			}
			return nil
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&again, "rerun", "5",
		"how many runs to make again: a number, a share such as 5%, or all")
	f.Uint64Var(&seed, "seed", 0, "of the choice of runs (default: random)")
	f.StringVar(&save, "save", "",
		"write the findings to `FOLDER`/ROOT.json, for bench board --verified FOLDER")
	f.StringVar(&signers, "signers", "", "`FILE` that lists whose keys are known")
	f.BoolVar(&rebuilt, "rebuilt", false,
		"treat plugins of another digest or SHA-256 as other builds of the same source")
	f.StringVar(&format, "format", "terminal", "of the findings: terminal or json")
	f.IntVarP(&parallel, "parallel", "j", runtime.NumCPU(), "runs side by side")
	return cmd
}
