/* SPDX-License-Identifier: MIT */
/* One line that is drawn over itself; it fits into the terminal's width at that moment. */
#ifndef BAR_H
#define BAR_H

#include <hydra/hydra.h>

/* Draw over a line of `before` cells. Returns the cells of the new one. */
int bar_draw(const hydra_event *event, const char *stage, int before);
/* Blank a line of `cells` cells; the cursor is at its start then. */
void bar_clear(int cells);

#endif
