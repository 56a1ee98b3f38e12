package bridge_test

import (
	"fmt"

	"noisebench/results/bridge"
	"noisebench/results/internal/synthetic"
)

func ExampleTables() {
	plan, cells := synthetic.Plan()
	for _, table := range bridge.Tables(bridge.Source{Plan: plan, Cells: cells})[:4] {
		fmt.Printf("%s: %d rows\n", table.Name, len(table.Rows))
	}
	// Output:
	// runs: 198 rows
	// points: 594 rows
	// trace: 0 rows
	// measures: 8 rows
}
