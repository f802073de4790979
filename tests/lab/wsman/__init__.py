# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Man side of a simulated device: listeners, authentication, message encryption, SOAP, shells.

Facts are from MS-WSMV (Web Services Management Protocol Extensions for Windows Vista) and from answers that real hosts
gave, as recorded in the tests of the public projects pywinrm and pypsrp.
"""
