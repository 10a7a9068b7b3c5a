"""Guests as plain QEMU processes, driven by QMP.

driver.py       the interface of ../base.py
guest.py        the files of one guest and what they tell about it
process.py      start, find again and end a guest's process
command.py      the command line
monitor.py      QMP for threads; hotplug.py: NICs that come and go
events.py       what a guest's process wrote down about its end
console.py      the serial console's log
disks.py        overlays, ephemeral and swap disks; configdrive.py: the config drive
acceleration.py KVM when it proves to work; smoke.py: the firmware that proves it
host.py         what this machine offers; programs.py: programs under limits
"""
