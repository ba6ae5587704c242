// The payer has answered the bank: the script of the shop's page takes this frame away.
"use strict";

parent.postMessage({ sandbox: "authenticated" }, location.origin);
