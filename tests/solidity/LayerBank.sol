// SPDX-License-Identifier: MIT
pragma solidity 0.8.24;

// A stand-in of our own for LayerBank, which publishes source for another compiler: the ABI and the
// rules of github.com/layerbank/contracts@fccb581 that a caller meets. One share is one unit of the
// coin; interest is what a test adds.

interface Erc20 {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

contract LToken {
    address public immutable core;
    address public immutable underlying;
    // In USD, 18 decimals, of a unit with 18 decimals.
    uint256 public immutable price;
    uint256 private immutable scale;
    mapping(address => uint256) public balanceOf;
    mapping(address => uint256) public borrowBalanceOf;

    event Redeem(address account, uint256 underlyingAmount, uint256 lTokenAmount);
    event Borrow(address account, uint256 ammount, uint256 accountBorrow);
    event RepayBorrow(address payer, address borrower, uint256 amount, uint256 accountBorrow);
    event Transfer(address indexed from, address indexed to, uint256 amount);

    modifier onlyCore() {
        require(msg.sender == core, "LToken: only Core");
        _;
    }

    constructor(address core_, address underlying_, uint256 price_, uint256 scale_) payable {
        (core, underlying, price, scale) = (core_, underlying_, price_, scale_);
    }

    function underlyingBalanceOf(address account) external view returns (uint256) {
        return balanceOf[account];
    }

    function valueOf(uint256 amount) public view returns (uint256) {
        return (amount * scale * price) / 1e18;
    }

    function owe(address account, uint256 amount) external {
        borrowBalanceOf[account] += amount;
    }

    function supply(address account, uint256 amount) external payable onlyCore {
        amount = _takeIn(account, underlying == address(0) ? msg.value : amount);
        balanceOf[account] += amount;
        emit Transfer(address(0), account, amount);
    }

    function redeem(address account, uint256 amount) external onlyCore {
        balanceOf[account] -= amount;
        _payOut(account, amount);
        emit Transfer(account, address(0), amount);
        emit Redeem(account, amount, amount);
    }

    function borrow(address account, uint256 amount) external onlyCore {
        borrowBalanceOf[account] += amount;
        _payOut(account, amount);
        emit Borrow(account, amount, borrowBalanceOf[account]);
    }

    function repayBorrow(address account, uint256 amount) external payable onlyCore {
        amount = underlying == address(0) ? msg.value : amount;
        uint256 owed = borrowBalanceOf[account];
        uint256 paid = _takeIn(account, amount < owed ? amount : owed);
        borrowBalanceOf[account] = owed - paid;
        if (underlying == address(0) && amount > paid) _payOut(account, amount - paid);
        emit RepayBorrow(account, account, paid, owed - paid);
    }

    function _takeIn(address from, uint256 amount) private returns (uint256) {
        if (underlying != address(0)) require(Erc20(underlying).transferFrom(from, address(this), amount));
        return amount;
    }

    function _payOut(address to, uint256 amount) private {
        if (underlying == address(0)) {
            (bool paid, ) = to.call{value: amount}("");
            require(paid);
        } else {
            require(Erc20(underlying).transfer(to, amount));
        }
    }
}

contract Core {
    LToken[] public markets;
    mapping(address => mapping(address => bool)) private members;
    bool public paused;

    event MarketSupply(address user, address lToken, uint256 uAmount);
    event MarketRedeem(address user, address lToken, uint256 uAmount);

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    function pause() external {
        paused = true;
    }

    function list(LToken market) external {
        markets.push(market);
    }

    function priceCalculator() external view returns (address) {
        return address(this);
    }

    function getUnderlyingPrice(LToken lToken) external view returns (uint256) {
        return lToken.price();
    }

    function checkMembership(address account, address lToken) external view returns (bool) {
        return members[lToken][account];
    }

    function accountLiquidityOf(address account) public view returns (uint256 collateralInUSD, uint256 supplyInUSD, uint256 borrowInUSD) {
        for (uint256 i; i < markets.length; ++i) {
            if (!members[address(markets[i])][account]) continue;
            uint256 supplied = markets[i].valueOf(markets[i].balanceOf(account));
            supplyInUSD += supplied;
            collateralInUSD += (supplied * 80) / 100;
            borrowInUSD += markets[i].valueOf(markets[i].borrowBalanceOf(account));
        }
    }

    function enterMarkets(address[] calldata lTokens) external {
        for (uint256 i; i < lTokens.length; ++i) members[lTokens[i]][msg.sender] = true;
    }

    function supply(LToken lToken, uint256 uAmount) external payable whenNotPaused returns (uint256) {
        lToken.supply{value: msg.value}(msg.sender, uAmount);
        emit MarketSupply(msg.sender, address(lToken), uAmount);
        return uAmount;
    }

    function redeemToken(LToken lToken, uint256 lAmount) external returns (uint256) {
        return redeemUnderlying(lToken, lAmount);
    }

    function redeemUnderlying(LToken lToken, uint256 uAmount) public whenNotPaused returns (uint256) {
        lToken.redeem(msg.sender, uAmount);
        emit MarketRedeem(msg.sender, address(lToken), uAmount);
        return uAmount;
    }

    function borrow(LToken lToken, uint256 amount) external whenNotPaused {
        members[address(lToken)][msg.sender] = true;
        lToken.borrow(msg.sender, amount);
        (uint256 collateral, , uint256 owed) = accountLiquidityOf(msg.sender);
        require(owed < collateral, "Core: cannot borrow");
    }

    function repayBorrow(LToken lToken, uint256 amount) external payable whenNotPaused {
        lToken.repayBorrow{value: msg.value}(msg.sender, amount);
    }
}
