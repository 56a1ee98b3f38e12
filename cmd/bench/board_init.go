package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"noisebench/harness"
	"noisebench/results/board"
)

func newBoardInit() *cobra.Command {
	s := board.Skeleton{}
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Write the files of a repository for a public leaderboard",
		Long: `Init writes the files of a git repository for a public leaderboard to a new folder:
bundles/ for the results, a README for contributors, check.sh, and two workflows for GitHub. For
each pull request, they check the bundles that it adds, make some of their runs again, join all
bundles into the page, and post their findings as a comment; what is merged is published as a page.
A pull request may change nothing but bundles/: which runs were made again (verified/, by the
workflow on the main branch) and whose key is whose (allowed_signers, by the owner) lie outside.

The workflows build bench from --source at --revision, so that a board names the bench that judges
it. Everything that they do can be done by hand: ./check.sh bundles/*.noisebench.tar.zst`,
		Example: `  bench board init my-board --title "Optimizers of 2026" --source https://example.org/noisebench.git
  cd my-board && git init && git add -A && git commit -m "A leaderboard"`,
		Args: oneArg("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case s.Source == "":
				return usagef(cmd, "no --source given; want the git repository of noisebench from "+
					"which workflows build bench")
			case s.Rerun < 0:
				return usagef(cmd, "--rerun is %d, want at least 0", s.Rerun)
			case s.Revision == "":
				s.Revision, _ = harness.Revision()
			}
			if s.Revision == "" {
				return usagef(cmd, "no --revision given, and this bench does not know its own; "+
					"want that of noisebench to build bench from")
			}
			if err := board.Init(args[0], s); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(),
				"%s written; its README explains how to propose results\n", args[0])
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Title, "title", "Leaderboard", "title of the board")
	f.StringVar(&s.Source, "source", "", "git `URL` of noisebench")
	f.StringVar(&s.Revision, "revision", "",
		"`COMMIT` or tag of noisebench (default: that of this bench)")
	f.IntVar(&s.Rerun, "rerun", 20, "runs of each proposed bundle to make again")
	return cmd
}
