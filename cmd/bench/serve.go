package main

import (
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"noisebench/results/measures"
	"noisebench/results/report/live"
	"noisebench/results/report/page"
)

func newServe() *cobra.Command {
	var records finder
	var addr string
	cmd := &cobra.Command{
		Use:   "serve PLAN|FILE",
		Short: "Show the report of a plan in a browser, updated while it runs",
		Long: `Serve shows the page of bench report in a browser and updates it while bench run
continues in another terminal, or on other machines that share the results folder. It runs nothing
itself. Ctrl-C stops it.

Only this machine can open the page, unless --addr says otherwise: there are no passwords.`,
		Example: `  bench serve quick
  bench serve my-plan.yaml --results /scratch/me/runs --addr 127.0.0.1:9000`,
		Args:              oneArg("plan"),
		ValidArgsFunction: completePlans,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, _, err := net.SplitHostPort(addr); err != nil {
				return usagef(cmd, "--addr is %q, want HOST:PORT, such as 127.0.0.1:8080 (port 0: "+
					"any that is free)", addr)
			}
			records.traces = true
			there, err := records.open(cmd, args[0])
			if err != nil {
				return err
			}
			campaign, store := there.campaign, there.store
			server, err := live.New(func(version string) (string, []byte, error) {
				return pageOf(there, args[0], records.source, version, cmd.ErrOrStderr())
			})
			if err != nil {
				return err
			}
			if store.Empty() && len(store.OtherCode(campaign)) > 0 {
				return noRecords(cmd, there, args[0])
			}
			listener, err := net.Listen("tcp", addr)
			if err != nil {
				return fmt.Errorf("cannot serve: %w; choose another address by --addr, such as "+
					"127.0.0.1:0 for any free port", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "plan %s is at http://%s/ until Ctrl-C\n",
				campaign.Plan.Name, listener.Addr())
			return server.Serve(cmd.Context(), listener)
		},
	}
	records.add(cmd)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "`HOST:PORT` to listen at")
	return cmd
}

// pageOf makes the page of a plan if its records are no longer those of a version, see [live.Page].
func pageOf(
	there *found, arg string, source []byte, version string, warnings io.Writer,
) (now string, html []byte, err error) {
	now, err = there.store.Records.Version()
	if err != nil || now == version {
		return now, nil, err
	}
	there.store.ForgetFailures()
	plan := &there.campaign.Plan
	cells := append(there.cells(), importedCells(there.store.Records, plan, warnings)...)
	html, err = newPage(page.Page{
		Report: measures.Build(plan, cells), Plan: plan, Cells: cells, Source: string(source), Live: now,
	}, arg)
	return now, html, err
}
