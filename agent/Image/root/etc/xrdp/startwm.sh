#!/bin/sh
# The session of a person: a plain background, a window manager, one terminal. The session ends with the window manager.
[ -r /etc/profile ] && . /etc/profile
xsetroot -solid '#1b5e7b'
xterm -geometry 90x24+120+90 -T "Montalegre" &
exec icewm
