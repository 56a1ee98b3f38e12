package reproduce

import (
	"fmt"
	"io"

	"noisebench/harness"
	"noisebench/protocol"
	"noisebench/protocol/planfile"
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

// Collect gathers the known runs of an item, plan by plan, and counts the missing ones.
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

// Make makes the runs of an item at a size, plan by plan, by run, which returns the plan with its
// defaults filled in and its cells. It is an error if failed runs leave a cell without a result.
func (i *Item) Make(
	size Size, run func(protocol.Plan) (*protocol.Plan, []results.Cell, error),
) (*Input, error) {
	plans, err := i.PlansOf(size)
	if err != nil {
		return nil, err
	}
	in := &Input{Size: size}
	for _, plan := range plans {
		plan, cells, err := run(plan)
		if err != nil {
			return nil, err
		}
		if err := undecided(cells); err != nil {
			return nil, fmt.Errorf("%s: %w", i.Name, err)
		}
		in.Done = append(in.Done, Done{Plan: *plan, Cells: cells})
	}
	return in, nil
}

// WritePlans writes the plans behind items as YAML, one document each. size is as for
// [Item.SizeOf].
func WritePlans(w io.Writer, items []Item, size string) error {
	first := true
	for _, item := range items {
		size, err := item.SizeOf(size)
		if err != nil {
			return err
		}
		plans, err := item.PlansOf(size)
		if err != nil {
			return err
		}
		for _, plan := range plans {
			text, err := planfile.Marshal(new(plan.WithDefaults()))
			if err != nil {
				return err
			}
			if !first {
				text = append([]byte("---\n"), text...)
			}
			first = false
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}

// undecided is an error if a cell has no result because its runs failed. Single failures in a grid
// are allowed, such as those of a singular matrix: settings with failures do not win.
func undecided(cells []results.Cell) error {
	for _, c := range cells {
		n := len(c.Failed)
		if n > 0 && (c.Setting == nil || c.Missing > 0 || len(c.Runs) == 0) {
			return fmt.Errorf("%d failed runs of %s on %s, such as: %s", n, c.Optimizer, c.Problem,
				c.Failed[0])
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

// JudgeAll judges the claims of items by the runs that [Item.Collect] finds by open and find: each
// item at the largest of the sizes of which all runs are there, so that no claim is counted twice.
// An empty size means both.
func JudgeAll(
	items []Item, size string,
	open func(protocol.Plan) (*harness.Campaign, error), find harness.Lookup,
) (findings []Finding, waiting []Waiting, err error) {
	for _, item := range items {
		if item.Claims == nil {
			continue
		}
		for _, s := range []Size{Full, Reduced} {
			if !item.Has(s) || size != "" && size != string(s) {
				continue
			}
			in, missing, err := item.Collect(s, open, find)
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
