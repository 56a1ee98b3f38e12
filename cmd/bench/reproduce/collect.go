package reproduce

import (
	"fmt"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/results"
)

// SizeOf is the size of the given name, or the item's default for none.
func (i *Item) SizeOf(name string) (Size, error) {
	switch size := Size(name); {
	case name == "":
		return i.Default(), nil
	case i.Has(size):
		return size, nil
	}
	return "", fmt.Errorf("%s has no size %s, only %s", i.Name, name, i.Default())
}

// PlansOf are the plans behind an item, which is an error for one that is computed.
func (i *Item) PlansOf(size Size) ([]protocol.Plan, error) {
	if i.Plans == nil {
		return nil, fmt.Errorf("%s is computed; there is no plan behind it", i.Name)
	}
	return i.Plans(size), nil
}

// Collect gathers what is known of an item's runs, plan by plan, and counts those that are missing.
func (i *Item) Collect(
	size Size,
	open func(protocol.Plan) (*harness.Campaign, error),
	find harness.Lookup,
) (in *Input, missing int, err error) {
	in = &Input{Size: size}
	if i.Plans == nil {
		return in, 0, nil
	}
	for _, plan := range i.Plans(size) {
		campaign, err := open(plan)
		if err != nil {
			return nil, 0, err
		}
		cells, _ := campaign.Cells(find)
		for _, cell := range cells {
			missing += cell.Missing
		}
		in.Done = append(in.Done, Done{Plan: campaign.Plan, Cells: cells})
	}
	return in, missing, nil
}

// Undecided is an error if a cell has no result because its runs failed. Single failures in a grid
// are results of a kind: a singular matrix, say, which no setting that wins has.
func Undecided(cells []results.Cell) error {
	for _, c := range cells {
		n := len(c.Failed)
		if n > 0 && (c.Setting == nil || c.Missing > 0 || len(c.Runs) == 0) {
			return fmt.Errorf("%d failed runs of %s on %s, such as: %s", n, c.Optimizer, c.Problem, c.Failed[0])
		}
	}
	return nil
}

// Waiting is an item whose claims cannot be judged at a size, since runs are missing.
type Waiting struct {
	Item    Item
	Size    Size
	Missing int
}

// JudgeAll judges the claims of items by the runs that collect finds: each item at the largest of the
// sizes of which all runs are there, so that no claim is counted twice. An empty size means both.
func JudgeAll(
	items []Item, size string, collect func(*Item, Size) (*Input, int, error),
) (findings []Finding, waiting []Waiting, err error) {
	for _, item := range items {
		if item.Claims == nil {
			continue
		}
		for _, s := range []Size{Full, Reduced} {
			if !item.Has(s) || size != "" && size != string(s) {
				continue
			}
			in, missing, err := collect(&item, s)
			if err != nil {
				return nil, nil, fmt.Errorf("the claims of %s cannot be judged: %w", item.Name, err)
			}
			if missing > 0 {
				waiting = append(waiting, Waiting{item, s, missing})
				continue
			}
			for _, f := range item.Judge(in) {
				f.On = fmt.Sprintf("%s %s, %s", item.Name, s, f.On)
				findings = append(findings, f)
			}
			break
		}
	}
	return findings, waiting, nil
}
