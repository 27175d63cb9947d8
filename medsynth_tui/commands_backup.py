"""The actions on backups: making one, trying one, putting one back."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

StoreBackups = command("store.backups", "b", "Backups", Permission.MAINTAIN, footer=True)(
    "The backups that were made of this store; make another, try one, or put one back."
)
BackupOpen = command("backup.open", "enter", "Detail", footer=True, palette=False)(
    "Show what the log keeps of this backup."
)
BackupNew = command("backup.new", "n", "Make one", Permission.MAINTAIN, footer=True)(
    "Write an encrypted copy of this store into one file."
)
BackupRead = command("backup.read", "c", "Check a file", Permission.MAINTAIN, footer=True)(
    "Read a backup to its end and verify the log in it. Nothing is changed; from there it can be put back."
)
BackupWrite = command("backup.write", "f6", "Make it", Permission.MAINTAIN, footer=True, palette=False)(
    "Write the backup, encrypted with this passphrase."
)
BackupCheck = command("backup.check", "f6", "Check it", Permission.MAINTAIN, footer=True, palette=False)(
    "Read this file to its end, decrypt it, and verify the log in it. Nothing is changed."
)
BackupRestore = command("backup.restore", "f7", "Put it back", Permission.MAINTAIN, footer=True, palette=False)(
    "Put what was just checked in the place of this store. You type the store's name to confirm; it is moved aside."
)
