// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626, IERC20} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// OpenZeppelin's vault, with a lid and a fee on the way in that the tests can set.
contract Vault is ERC4626 {
    uint256 public most = type(uint256).max;
    uint256 public feeBps;

    constructor(IERC20 asset_) ERC20("Vault of the tests", "vTEST") ERC4626(asset_) {}

    function set(uint256 most_, uint256 feeBps_) external {
        most = most_;
        feeBps = feeBps_;
    }

    function maxDeposit(address) public view override returns (uint256) {
        return most;
    }

    function maxRedeem(address owner) public view override returns (uint256) {
        uint256 held = balanceOf(owner);
        return held < most ? held : most;
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return super.previewDeposit(assets - (assets * feeBps) / 10000);
    }
}
