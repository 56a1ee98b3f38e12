// Package board joins bundles that several people published into one leaderboard.
//
// [Open] joins those of a folder. Results belong together if they were made by the same rules, and
// are of one problem if all that decides about its numbers is the same; where bundles differ, the
// most common rules count, and the others are refused with a text that names the difference. An
// entry whose results are in several bundles, run by run, is one entry. Entries that were not tuned
// by their plan, and those of plans that depart from the standard protocol, are not ranked.
//
// Bundles come from those who want to be ranked. So nothing in their folder is believed that does
// not prove itself: what whoever makes the board vouches for, reports of runs that were made again
// and lists of signers, has to lie outside, see [Outside].
//
// The records of all bundles of a board take at most 192 MiB of memory, as far as they are counted,
// where one that several bundles have counts once, and its entries make at most 100,000 pairs. With
// what is made of them, and a limit on the heap like the one that the command bench sets, a board
// takes less than 512 MiB. Bundles beyond that are refused.
//
// A [Board] is values: a plan and cells, as for any table of package report. [Board.Report],
// [Board.Page] and [Board.WriteJSON] write it.
package board
