package reproduce

import "fmt"

// fig43 shows how much each rule for the batch size depends on the step size (Balles 2021, Sec. 4.4.4).
var fig43 = Item{
	Name:      "fig-4.3",
	Title:     "training loss of CABS, its competitor and constant batch sizes for five step sizes",
	Sizes:     []Size{Reduced, Full},
	Time:      map[Size]string{Reduced: "none after fig-4.2", Full: "weeks"},
	Shortened: true,
	Departs: chapter4Departs(fmt.Sprintf(
		"the sweeps are repeated under %d seeds, of which the first is drawn; the thesis has one", seeds43)),
	Plans:  chapter43, // the sweeps are what is shown
	Draw:   drawFamilies,
	Claims: robust,
}
