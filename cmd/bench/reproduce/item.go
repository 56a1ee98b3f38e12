package reproduce

import (
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

// Size is how much of an item is run. Runs of different sizes are never mixed: their plans have
// different names.
type Size string

// The sizes. Full is what the thesis did. Reduced is what two cores finish in minutes; only items
// whose full size takes days or a cluster have it.
const (
	Full    Size = "full"
	Reduced Size = "reduced"
)

// Item is one figure or table of the thesis.
type Item struct {
	Name  string // "fig-6.3", "table-d.5"
	Title string // one line, for listings
	Sizes []Size // the first is the default; none means [Full] alone
	// Departs lists how the item at a size differs from the thesis, one sentence each; Time is how
	// long it takes.
	Departs map[Size][]string
	Time    map[Size]string
	// Shortened reports that runs of the reduced size end before those of the thesis, so that they
	// decide no claim.
	Shortened bool
	// Plans are the plans behind the item at a size. Nil: it is computed, and nothing is run. At a
	// reduced size their names end in "-reduced".
	Plans func(Size) []protocol.Plan
	// Draw makes the item's pictures and tables.
	Draw func(*Input) (*Output, error)
	// Claims evaluates the thesis' claims about the item; nil: there is none that could be
	// contradicted. [Item.Judge] decides.
	Claims func(*Input) []Finding
}

// Has reports whether the item exists at a size.
func (i *Item) Has(size Size) bool { return slices.Contains(i.sizes(), size) }

// Default is the size that is run unless another is requested.
func (i *Item) Default() Size { return i.sizes()[0] }

func (i *Item) sizes() []Size {
	if len(i.Sizes) == 0 {
		return []Size{Full}
	}
	return i.Sizes
}

// Input is what an item is drawn from.
type Input struct {
	Size Size
	Done []Done // one for each of the item's plans
}

// Done is a plan with its results.
type Done struct {
	Plan  protocol.Plan // defaults filled in
	Cells []results.Cell
}

// Cell returns the cell of a problem and an optimizer, by their names in the plan; nil if there is
// none.
func (d *Done) Cell(problem, optimizer string) *results.Cell {
	i := slices.IndexFunc(d.Cells, func(c results.Cell) bool {
		return c.Problem == problem && c.Optimizer == optimizer
	})
	if i < 0 {
		return nil
	}
	return &d.Cells[i]
}

// items are all of them, in the order of the thesis. Each file's item is entered here.
var items = []Item{
	fig11,
	fig21,
	fig22,
	fig41,
	fig42,
	fig43,
	fig52,
	fig53,
	fig54,
	fig61,
	fig62,
	fig63,
	table61,
	fig71,
	fig72,
	fig73,
	fig74,
	figB1,
	figB2,
	figB3,
	figD1,
	tableD3,
	tableD4,
	tableD5,
	s10,
	sec66,
}

// All returns every item, in the order of the thesis.
func All() []Item { return slices.Clone(items) }

// Select returns the items of the given names, or all if there are none.
func Select(names []string) ([]Item, error) {
	if len(names) == 0 {
		return All(), nil
	}
	var selected []Item
	for _, name := range names {
		item, err := Find(name)
		if err != nil {
			return nil, err
		}
		selected = append(selected, item)
	}
	return selected, nil
}

// Find returns the item of a name. An unknown name is an error that lists similar ones.
func Find(name string) (Item, error) {
	var names []string
	for _, item := range items {
		if item.Name == name {
			return item, nil
		}
		names = append(names, item.Name)
	}
	return Item{}, protocol.Unknown("figure or table", name, names)
}
